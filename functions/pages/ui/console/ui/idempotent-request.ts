// A hook that sends a request with an idempotency key. A retry with the same body reuses the key; a changed body gets a
// new key.

import { useRef, useState } from "preact/hooks";
import { createIdempotencyKey, RequestError } from "../app/api";

interface UseIdempotentRequestResult {
  isBusy: boolean;
  /** Sends the request. Returns `undefined`, without sending, while an earlier request is pending. */
  send: <T>(body: unknown, request: (key: string) => Promise<T>) => Promise<T | undefined>;
}

/** Keeps the idempotency key until the request has succeeded, has failed permanently, or has another body. */
export function useIdempotentRequest(): UseIdempotentRequestResult {
  const [isBusy, setBusy] = useState(false);
  const isSendingRef = useRef(false);
  const keyedBodyRef = useRef({ serializedBody: "", key: "" });
  const sendWithKey: UseIdempotentRequestResult["send"] = async (body, request) => {
    if (isSendingRef.current) return undefined;
    isSendingRef.current = true;
    setBusy(true);
    const serializedBody = JSON.stringify(body);
    if (keyedBodyRef.current.serializedBody !== serializedBody)
      keyedBodyRef.current = { serializedBody, key: createIdempotencyKey() };
    const discardIdempotencyKey = () => {
      keyedBodyRef.current.serializedBody = "";
    };
    try {
      const response = await request(keyedBodyRef.current.key);
      discardIdempotencyKey();
      return response;
    } catch (error) {
      if (error instanceof RequestError && !error.isTemporary) discardIdempotencyKey();
      throw error;
    } finally {
      isSendingRef.current = false;
      setBusy(false);
    }
  };
  return { isBusy, send: sendWithKey };
}
