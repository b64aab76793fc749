// Sends a form with an idempotency key. A retry with the same body reuses the key; a changed body gets a new one.

import { useRef, useState } from "preact/hooks";
import { createIdempotencyKey, RequestError } from "../app/api";

interface IdempotentRequest {
  isBusy: boolean;
  /** Sends the request. Returns `undefined`, without sending, while an earlier request is pending. */
  send: <T>(body: unknown, request: (key: string) => Promise<T>) => Promise<T | undefined>;
}

/** Keeps the idempotency key until the request has succeeded, has failed permanently, or has another body. */
export function useIdempotentRequest(): IdempotentRequest {
  const [isBusy, setBusy] = useState(false);
  const isSendingRef = useRef(false);
  const keyedBodyRef = useRef({ serializedBody: "", key: "" });
  const send: IdempotentRequest["send"] = async (body, request) => {
    if (isSendingRef.current) return undefined;
    isSendingRef.current = true;
    setBusy(true);
    const text = JSON.stringify(body);
    if (keyedBodyRef.current.serializedBody !== text)
      keyedBodyRef.current = { serializedBody: text, key: createIdempotencyKey() };
    const clearKey = () => {
      keyedBodyRef.current.serializedBody = "";
    };
    try {
      const response = await request(keyedBodyRef.current.key);
      clearKey();
      return response;
    } catch (error) {
      if (error instanceof RequestError && !error.isTemporary) clearKey();
      throw error;
    } finally {
      isSendingRef.current = false;
      setBusy(false);
    }
  };
  return { isBusy, send };
}
