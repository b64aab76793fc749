// Sends a form with an idempotency key. A retry with the same body reuses the key; a changed body gets a new one.

import { useRef, useState } from "preact/hooks";
import { idempotencyKey, RequestError } from "../app/api";

interface Decision {
  busy: boolean;
  /** Sends the request. Returns `undefined`, without sending, while an earlier request is pending. */
  send: <T>(body: unknown, request: (key: string) => Promise<T>) => Promise<T | undefined>;
}

/** Keeps the idempotency key until the request has succeeded, has failed permanently, or has another body. */
export function useDecision(): Decision {
  const [busy, setBusy] = useState(false);
  const sending = useRef(false);
  const decision = useRef({ text: "", key: "" });
  const send: Decision["send"] = async (body, request) => {
    if (sending.current) return undefined;
    sending.current = true;
    setBusy(true);
    const text = JSON.stringify(body);
    if (decision.current.text !== text) decision.current = { text, key: idempotencyKey() };
    const decided = () => {
      decision.current.text = "";
    };
    try {
      const answer = await request(decision.current.key);
      decided();
      return answer;
    } catch (error) {
      if (error instanceof RequestError && !error.passes) decided();
      throw error;
    } finally {
      sending.current = false;
      setBusy(false);
    }
  };
  return { busy, send };
}
