// The client of the API: types from the OpenAPI contract, errors, and authorized requests that renew an expired token.

import createClient from "openapi-fetch";
import type { components, paths } from "../../contract";
import { recordApiReachability, UnreachableError } from "./connection";
import * as session from "./session";

type Schemas = components["schemas"];
export type Lead = Schemas["Lead"];
/** One lead as lists contain it. `Lead` has all fields. */
export type LeadSummary = Schemas["LeadSummary"];
export type LeadStatus = Schemas["Status"];
export type Business = Schemas["Business"];
export type StatusColor = Schemas["Color"];
export type TimelineEntry = Schemas["TimelineEntry"];
export type ApiKey = Schemas["ApiKey"];
export type LeadCaptureForm = Schemas["Form"];
export type Webhook = Schemas["Webhook"];
export type WebhookDelivery = Schemas["Delivery"];
export type LeadEvent = Schemas["Event"];
export type ChangeAuthor = Schemas["Author"];
export type LeadVolumeStatistics = Schemas["Volume"];
export type CreateLeadBody = paths["/leads"]["post"]["requestBody"]["content"]["application/json"];
export type LeadJsonMergePatch = Schemas["LeadMerge"];
export type LeadFilterParams = NonNullable<paths["/leads"]["get"]["parameters"]["query"]>;
export type LeadBatchRequestBody = paths["/leads/batch"]["post"]["requestBody"]["content"]["application/json"];
export type LeadBatchResponse = Schemas["BatchResponse"];
type FieldError = Schemas["FieldError"];

/** Error for a response with an error status. */
export class RequestError extends Error {
  readonly status: number;
  readonly description: string | undefined;
  readonly errors: FieldError[];
  readonly existing: Schemas["ExistingLead"] | undefined;
  readonly requestId: string | undefined;
  /** Time until a retry, in milliseconds, from the `Retry-After` header. */
  readonly retryAfterMs: number;

  constructor(response: Response, body: Partial<Schemas["Error"]> | undefined) {
    super(body?.message || `The API answered ${response.status}.`);
    this.status = response.status;
    this.description = body?.description;
    this.errors = body?.errors ?? [];
    this.existing = body?.existing;
    this.requestId = body?.requestId;
    this.retryAfterMs = 1000 * Math.min(Number(response.headers.get("retry-after")) || 1, 30);
  }

  /** Whether the error is temporary, so that the same request may succeed later. */
  get isTemporary(): boolean {
    return this.status === 409 || this.status === 429 || this.status >= 500;
  }
}

export const isRequestErrorWithStatus = (error: unknown, status: number): error is RequestError =>
  error instanceof RequestError && error.status === status;

/** Lists each invalid field with its error message. */
const describeFieldErrors = (errors: FieldError[]): string =>
  errors.map(({ field, message }) => `${field} ${message}`).join("; ");

/** Returns an error's message, with the names of invalid fields. */
export function describeError(error: unknown): string {
  if (!(error instanceof RequestError)) return error instanceof Error ? error.message : String(error);
  const errorDetailText = describeFieldErrors(error.errors) || error.description;
  return errorDetailText ? `${error.message}: ${errorDetailText}` : error.message;
}

/** Maximum number of attempts of a GET request while the API is busy. */
const MAX_GET_ATTEMPTS = 3;

export const sleep = (durationMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, durationMs));

async function fetchAndRecordReachability(request: Request): Promise<Response> {
  try {
    const apiResponse = await fetch(request);
    recordApiReachability(true);
    return apiResponse;
  } catch {
    recordApiReachability(false);
    throw new UnreachableError();
  }
}

/**
 * Whether a response rejects the token. For an invalid token, API Gateway answers 403 with only the message “Forbidden”; a 403
 * of the API itself has a request id.
 */
async function doesResponseRejectToken(response: Response): Promise<boolean> {
  if (response.status === 401) return true;
  if (response.status !== 403) return false;
  const forbiddenResponseBody = await response
    .clone()
    .json()
    .catch(() => undefined);
  return forbiddenResponseBody?.message === "Forbidden" && forbiddenResponseBody.requestId === undefined;
}

async function sendAuthorizedRequest(request: Request): Promise<Response> {
  let token = await session.getValidToken();
  let isTokenRenewed = false;
  for (let attemptNumber = 1; ; attemptNumber++) {
    const authorizedRequest = request.clone();
    authorizedRequest.headers.set("authorization", `Bearer ${token}`);
    const apiResponse = await fetchAndRecordReachability(authorizedRequest);
    const isApiOverloaded = apiResponse.status === 429 || apiResponse.status === 503;
    if (await doesResponseRejectToken(apiResponse)) {
      // If the renewed token is rejected too, another renewal would not help, so the user signs in again.
      token = await (isTokenRenewed ? session.askToSignInAgain(token) : session.renewToken(token));
      isTokenRenewed = true;
    } else if (isApiOverloaded && request.method === "GET" && attemptNumber < MAX_GET_ATTEMPTS) {
      await sleep(new RequestError(apiResponse, undefined).retryAfterMs);
    } else {
      return apiResponse;
    }
  }
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: sendAuthorizedRequest });

type ApiCallResult<T> = { data?: T; error?: unknown; response: Response };

/** Returns a response's body and the response itself, for its headers. Throws a `RequestError` for an error status. */
export async function getDataAndResponseOrThrow<T>(
  request: Promise<ApiCallResult<T>>,
): Promise<{ data: T; response: Response }> {
  const { data, error, response } = await request;
  if (!response.ok) throw new RequestError(response, typeof error === "object" ? (error ?? undefined) : undefined);
  return { data: data as T, response };
}

/** Returns a response's body. Throws a `RequestError` for an error status. */
export async function getDataOrThrow<T>(request: Promise<ApiCallResult<T>>): Promise<T> {
  return (await getDataAndResponseOrThrow(request)).data;
}

/** Reads a page of `GET /leads`. */
export async function readPageOfLeads(
  query: LeadFilterParams,
  cursor: string | undefined,
): Promise<{ items: LeadSummary[]; count: number; nextCursor?: string | undefined }> {
  const leadsRequestParams = { query: { ...query, ...(cursor ? { cursor } : {}) } };
  const { leads, count, nextCursor } = await getDataOrThrow(api.GET("/leads", { params: leadsRequestParams }));
  return { items: leads, count, nextCursor };
}

export const bytesToHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Creates an idempotency key: the API executes requests with the same key once. */
export const createIdempotencyKey = (): string => `console-${bytesToHex(crypto.getRandomValues(new Uint8Array(16)))}`;

/** Uploads a photo with `XMLHttpRequest`, because `fetch` does not report upload progress. Returns the photo's file name. */
export async function uploadLeadPhoto(
  file: File,
  leadId: number,
  onProgress: (fraction: number) => void,
): Promise<string> {
  const photoFormData = new FormData();
  photoFormData.set("id", String(leadId));
  photoFormData.set("photo", file);
  const sendPhotoWithToken = (token: string): Promise<Response> =>
    new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open("POST", "/leads/upload-photo");
      xhr.setRequestHeader("authorization", `Bearer ${token}`);
      xhr.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
      xhr.onerror = () => reject(new UnreachableError());
      xhr.onload = () => {
        const responseHeaders = { "retry-after": xhr.getResponseHeader("retry-after") ?? "" };
        resolve(new Response(xhr.responseText, { status: xhr.status, headers: responseHeaders }));
      };
      xhr.send(photoFormData);
    });
  const validToken = await session.getValidToken();
  let response = await sendPhotoWithToken(validToken);
  if (await doesResponseRejectToken(response))
    response = await sendPhotoWithToken(await session.renewToken(validToken));
  const uploadResponseBody = await response.json().catch(() => undefined);
  if (!response.ok) throw new RequestError(response, uploadResponseBody);
  return uploadResponseBody;
}

/** Reads all leads that match a filter from the export, and yields a part of the CSV or NDJSON file for each page. */
export async function* readExport(filter: LeadFilterParams, format: "csv" | "ndjson"): AsyncGenerator<string> {
  let nextCursor: string | undefined;
  do {
    const cursorQueryParams = nextCursor ? { cursor: nextCursor } : {};
    const exportQueryParams = { ...filter, format, limit: 1000, ...cursorQueryParams };
    const { data, response } = await getDataAndResponseOrThrow(
      api.GET("/leads/export", { params: { query: exportQueryParams }, parseAs: "text" }),
    );
    const nextPageUrl = /<([^>]*)>;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
    nextCursor = nextPageUrl
      ? (new URL(nextPageUrl, location.origin).searchParams.get("cursor") ?? undefined)
      : undefined;
    // `openapi-fetch` returns no data for an empty response.
    yield data ?? "";
  } while (nextCursor);
}
