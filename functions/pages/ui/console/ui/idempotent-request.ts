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
  const lastBodyAndIdempotencyKeyRef = useRef({ serializedBody: "", key: "" });
  const sendRequestWithIdempotencyKey: UseIdempotentRequestResult["send"] = async (body, request) => {
    if (isSendingRef.current) return undefined;
    isSendingRef.current = true;
    setBusy(true);
    const serializedRequestBody = JSON.stringify(body);
    if (lastBodyAndIdempotencyKeyRef.current.serializedBody !== serializedRequestBody)
      lastBodyAndIdempotencyKeyRef.current = { serializedBody: serializedRequestBody, key: createIdempotencyKey() };
    const discardIdempotencyKey = () => {
      lastBodyAndIdempotencyKeyRef.current.serializedBody = "";
    };
    try {
      const idempotentRequestResponse = await request(lastBodyAndIdempotencyKeyRef.current.key);
      discardIdempotencyKey();
      return idempotentRequestResponse;
    } catch (error) {
      if (error instanceof RequestError && !error.isTemporary) discardIdempotencyKey();
      throw error;
    } finally {
      isSendingRef.current = false;
      setBusy(false);
    }
  };
  return { isBusy, send: sendRequestWithIdempotencyKey };
}
