// Signing in: by what this deployment offers.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as cognito from "./cognito";
import { signIn } from "./configuration";
import { Dialog } from "./dialog";
import { Field, submitting } from "./field";
import { focused } from "./focus";
import * as oidc from "./oidc";
import { ask, enter, type Grant, type Identity, leave, ROLES, type User } from "./session";

export function SignInScreen({ fault }: { fault: string | undefined }): JSX.Element {
  return (
    <main class="entrance">
      <h1>Leads</h1>
      <Methods fault={fault} leaves={true} />
      <p class="quiet">
        <a href="/docs">API reference</a> · <a href="/openapi.json">OpenAPI 3.1</a>
      </p>
    </main>
  );
}

/** Over what was being done, which goes on afterwards. */
export function SignInAgain({ user }: { user: User }): JSX.Element {
  return (
    <Dialog title="Sign in again">
      <p>Your session has ended. Nothing that you typed is lost: sign in as {user.email || user.name} and go on.</p>
      <Methods fault={undefined} leaves={false} />
      <div class="actions">
        <button type="button" class="plain" onClick={leave}>
          Sign out instead
        </button>
      </div>
    </Dialog>
  );
}

/** Runs what signs in, and says why where it fails. */
interface Trying {
  busy: boolean;
  run: (sign: () => Promise<Grant | undefined>) => void;
}

function Methods({ fault, leaves }: { fault: string | undefined; leaves: boolean }): JSX.Element {
  const [failed, setFailed] = useState(fault);
  const [busy, setBusy] = useState(false);
  const run: Trying["run"] = async (sign) => {
    setBusy(true);
    setFailed(undefined);
    try {
      const grant = await sign();
      if (grant) enter(grant);
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  const trying = { busy, run };
  const byIssuer = signIn.clientId && signIn.issuer && !signIn.cognito;
  return (
    <div class="methods">
      {failed ? (
        <p class="failure" role="alert">
          {failed}
        </p>
      ) : null}
      {signIn.tokens ? <Asking {...trying} /> : null}
      {signIn.cognito ? <Password {...trying} /> : null}
      {byIssuer ? (
        <button
          type="button"
          // Whoever has closed the window that signs in opens another.
          disabled={busy && leaves}
          onClick={() => run(() => (leaves ? oidc.start().then(() => undefined) : oidc.startBeside()))}
        >
          Sign in at {new URL(signIn.issuer ?? "").host}
        </button>
      ) : null}
      {signIn.tokens || signIn.cognito || byIssuer ? null : <Pasting {...trying} />}
    </div>
  );
}

/** The members of the demo team. */
const DEMO: Identity[] = [
  { role: "Owner" },
  { role: "Manager", userId: 2, firstName: "Max", email: "manager@example.com" },
  { role: "Viewer", userId: 3, firstName: "Vera", email: "viewer@example.com" },
];

/** Of a system for trying out: whoever one likes to be. */
function Asking({ busy, run }: Trying): JSX.Element {
  const [other, setOther] = useState<Required<Omit<Identity, "firstName" | "lastName">>>({
    team: "demo",
    role: "Owner",
    userId: 1,
    email: "owner@example.com",
  });
  return (
    <>
      <p>This system is for trying out: be whoever you like of the team “demo”.</p>
      <div class="choices">
        {DEMO.map((identity, index) => (
          <button
            key={identity.role}
            type="button"
            class={index === 0 ? "primary" : ""}
            disabled={busy}
            onClick={() => run(() => ask(identity))}
          >
            {identity.role}
          </button>
        ))}
      </div>
      <details>
        <summary>Somebody else</summary>
        <form onSubmit={submitting(() => run(() => ask(other)))}>
          <Field label="Team">
            <input
              value={other.team}
              required
              onInput={({ currentTarget }) => setOther({ ...other, team: currentTarget.value })}
            />
          </Field>
          <Field label="Role">
            <select
              value={other.role}
              onInput={({ currentTarget }) => setOther({ ...other, role: currentTarget.value as Identity["role"] })}
            >
              {ROLES.map((role) => (
                <option key={role}>{role}</option>
              ))}
            </select>
          </Field>
          <Field label="User number">
            <input
              type="number"
              min={1}
              required
              value={other.userId}
              onInput={({ currentTarget }) => setOther({ ...other, userId: currentTarget.valueAsNumber })}
            />
          </Field>
          <Field label="E-mail">
            <input
              type="email"
              value={other.email}
              onInput={({ currentTarget }) => setOther({ ...other, email: currentTarget.value })}
            />
          </Field>
          <button type="submit" disabled={busy}>
            Sign in
          </button>
        </form>
      </details>
    </>
  );
}

type Step =
  | { is: "password" }
  | { is: "forgotten" }
  | { is: "code" }
  | { is: "challenge"; challenge: cognito.Challenge };

/** By the stack's own user pool. */
function Password({ busy, run }: Trying): JSX.Element {
  const [step, setStep] = useState<Step>({ is: "password" });
  const [username, setUsername] = useState("");
  const submit =
    (act: (field: (name: string) => string) => Promise<Grant | cognito.Challenge | Step>) => (event: SubmitEvent) => {
      event.preventDefault();
      const form = event.currentTarget as HTMLFormElement;
      const data = new FormData(form);
      run(async () => {
        const next = await act((name) => String(data.get(name) ?? ""));
        form.reset();
        if ("token" in next) return next;
        setStep("is" in next ? next : { is: "challenge", challenge: next });
        return undefined;
      });
    };
  const address = (
    <Field label="E-mail">
      <input
        ref={focused}
        name="username"
        type="email"
        autocomplete="username"
        required
        value={username}
        onInput={({ currentTarget }) => setUsername(currentTarget.value)}
      />
    </Field>
  );
  const chosen = (first: boolean) => (
    <Field label="New password" hint="At least 12 characters, with capitals, small letters and digits.">
      <input
        ref={first ? focused : null}
        name="password"
        type="password"
        autocomplete="new-password"
        minLength={12}
        required
      />
    </Field>
  );
  const back = (
    <button type="button" class="plain" onClick={() => setStep({ is: "password" })}>
      Back
    </button>
  );
  if (step.is === "password") {
    return (
      <form key="password" onSubmit={submit((field) => cognito.start(username, field("password")))}>
        {address}
        <Field label="Password">
          <input name="password" type="password" autocomplete="current-password" required />
        </Field>
        <button type="submit" class="primary" disabled={busy}>
          Sign in
        </button>
        <button type="button" class="plain" onClick={() => setStep({ is: "forgotten" })}>
          Forgotten password
        </button>
      </form>
    );
  }
  if (step.is === "challenge") {
    const { challenge } = step;
    return (
      <form
        key="challenge"
        onSubmit={submit((field) => cognito.respond(challenge, field("password") || field("code")))}
      >
        {challenge.name === "NEW_PASSWORD_REQUIRED" ? (
          <>
            <p>Welcome. Choose a password of your own.</p>
            {chosen(true)}
          </>
        ) : (
          <Field label="Code of your authenticator app">
            <input ref={focused} name="code" inputMode="numeric" autocomplete="one-time-code" required />
          </Field>
        )}
        <button type="submit" class="primary" disabled={busy}>
          Go on
        </button>
        {back}
      </form>
    );
  }
  if (step.is === "forgotten") {
    return (
      <form key="forgotten" onSubmit={submit(() => cognito.forgot(username).then(() => ({ is: "code" })))}>
        <p>A code is sent to your address.</p>
        {address}
        <button type="submit" class="primary" disabled={busy}>
          Send the code
        </button>
        {back}
      </form>
    );
  }
  return (
    <form
      key="code"
      onSubmit={submit(async (field) => {
        await cognito.reset(username, field("code"), field("password"));
        return cognito.start(username, field("password"));
      })}
    >
      <p>If {username} has an account here, a code is on its way.</p>
      <Field label="Code">
        <input ref={focused} name="code" inputMode="numeric" autocomplete="one-time-code" required />
      </Field>
      {chosen(false)}
      <button type="submit" class="primary" disabled={busy}>
        Set the password
      </button>
      {back}
    </form>
  );
}

/** Where the deployment names no client to sign in by. */
function Pasting({ busy, run }: Trying): JSX.Element {
  const [token, setToken] = useState("");
  return (
    <form onSubmit={submitting(() => run(async () => ({ token: token.trim() })))}>
      <p>This deployment has its own issuer of tokens, and names no client by which this page could sign in.</p>
      <Field label="Token">
        <textarea rows={4} required value={token} onInput={({ currentTarget }) => setToken(currentTarget.value)} />
      </Field>
      <button type="submit" class="primary" disabled={busy}>
        Go on
      </button>
    </form>
  );
}
