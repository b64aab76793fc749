// The sign-in screen and the dialog for signing in again, with the methods that the deployment offers.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "../ui/dialog";
import { type ControlIds, Field, submitting } from "../ui/field";
import { focused } from "../ui/focus";
import { Icon, Mark } from "../ui/icon";
import * as cognito from "./cognito";
import { signIn } from "./configuration";
import { type Grant, type Identity, ROLES } from "./grant";
import * as oidc from "./oidc";
import { requestDemoToken, signOut, startSession, type User } from "./session";

export function SignInScreen({ fault }: { fault: string | undefined }): JSX.Element {
  return (
    <main class="door" id="main">
      <div>
        <Mark big />
        <h1 class="huge">Sign in to Leads</h1>
      </div>
      <Methods fault={fault} leaves={true} />
      <footer>
        <a class="link" href="/docs">
          API reference
        </a>
      </footer>
    </main>
  );
}

/** The dialog for signing in again after the session has ended. It keeps the current screen, so that the user can continue. */
export function SignInAgain({ user }: { user: User }): JSX.Element {
  return (
    <Dialog title="Sign in again">
      <div class="again">
        <p class="quiet">
          Your session has ended. Nothing that you typed is lost: sign in as <bdi>{user.email || user.name}</bdi> and
          continue.
        </p>
        <Methods fault={undefined} leaves={false} />
        <button type="button" class="btn ghost" onClick={signOut}>
          Sign out instead
        </button>
      </div>
    </Dialog>
  );
}

interface MethodProps {
  busy: boolean;
  /** Error of the latest attempt. */
  error: unknown;
  run: (sign: () => Promise<Grant | undefined>) => void;
}

function Fault({ error }: { error: unknown }): JSX.Element | null {
  if (error === undefined) return null;
  return (
    <p class="small bad" role="alert">
      {error instanceof Error ? error.message : String(error)}
    </p>
  );
}

function Methods({ fault, leaves }: { fault: string | undefined; leaves: boolean }): JSX.Element {
  const [error, setError] = useState<unknown>(fault);
  const [busy, setBusy] = useState(false);
  const run: MethodProps["run"] = async (sign) => {
    setBusy(true);
    setError(undefined);
    try {
      const grant = await sign();
      if (grant) startSession(grant);
    } catch (error) {
      setError(error);
    }
    setBusy(false);
  };
  const method = { busy, error, run };
  const byIssuer = signIn.clientId && signIn.issuer && !signIn.cognito;
  return (
    <div class="methods">
      {signIn.cognito ? <Password {...method} /> : <Fault error={error} />}
      {byIssuer ? (
        <button
          type="button"
          class={signIn.tokens ? "btn" : "btn primary"}
          // Stays enabled with a pop-up: the user may have closed it and need another.
          disabled={busy && leaves}
          onClick={() => run(() => (leaves ? oidc.start().then(() => undefined) : oidc.startBeside()))}
        >
          Sign in at {new URL(signIn.issuer ?? "").host}
        </button>
      ) : null}
      {signIn.tokens && (signIn.cognito || byIssuer) ? <p class="or">or</p> : null}
      {signIn.tokens ? <Demo {...method} /> : null}
      {signIn.tokens || signIn.cognito || byIssuer ? null : <PastedToken {...method} />}
    </div>
  );
}

/** The members of the demo team. */
const DEMO_MEMBERS: Identity[] = [
  { role: "Owner" },
  { role: "Manager", userId: 2, firstName: "Max", email: "manager@example.com" },
  { role: "Viewer", userId: 3, firstName: "Vera", email: "viewer@example.com" },
];

/** Sign-in at a demo system: a click signs in as a member of its team. */
function Demo({ busy, run }: MethodProps): JSX.Element {
  const [other, setOther] = useState<Required<Omit<Identity, "firstName" | "lastName">>>({
    team: "demo",
    role: "Owner",
    userId: 1,
    email: "owner@example.com",
  });
  return (
    <>
      <p class="quiet">This is a demo system. Look around as a member of the team “demo”.</p>
      <div class="members">
        {DEMO_MEMBERS.map((identity, index) => (
          <button
            key={identity.role}
            type="button"
            class={index === 0 && !signIn.cognito ? "btn primary" : "btn"}
            disabled={busy}
            onClick={() => run(() => requestDemoToken(identity))}
          >
            {identity.role}
          </button>
        ))}
      </div>
      <details>
        <summary>
          <Icon name="chevron-right" /> Somebody else
        </summary>
        <form onSubmit={submitting(() => run(() => requestDemoToken(other)))}>
          <Field label="Team">
            {(ids: ControlIds) => (
              <input
                class="input"
                {...ids}
                value={other.team}
                required
                onInput={({ currentTarget }) => setOther({ ...other, team: currentTarget.value })}
              />
            )}
          </Field>
          <Field label="Role">
            {(ids: ControlIds) => (
              <span class="select">
                <select
                  {...ids}
                  value={other.role}
                  onInput={({ currentTarget }) => setOther({ ...other, role: currentTarget.value as Identity["role"] })}
                >
                  {ROLES.map((role) => (
                    <option key={role}>{role}</option>
                  ))}
                </select>
                <Icon name="chevron-down" />
              </span>
            )}
          </Field>
          <Field label="User number">
            {(ids: ControlIds) => (
              <input
                class="input"
                type="number"
                min={1}
                required
                {...ids}
                value={other.userId}
                onInput={({ currentTarget }) => setOther({ ...other, userId: currentTarget.valueAsNumber })}
              />
            )}
          </Field>
          <Field label="E-mail">
            {(ids: ControlIds) => (
              <input
                class="input"
                type="email"
                {...ids}
                value={other.email}
                onInput={({ currentTarget }) => setOther({ ...other, email: currentTarget.value })}
              />
            )}
          </Field>
          <button type="submit" class="btn" disabled={busy}>
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

/** Sign-in at the deployment's own Cognito user pool, with e-mail address and password. */
function Password({ busy, error, run }: MethodProps): JSX.Element {
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
  const addressField = (
    <Field label="E-mail">
      {(ids: ControlIds) => (
        <input
          ref={focused}
          class="input"
          name="username"
          type="email"
          autocomplete="username"
          required
          {...ids}
          value={username}
          onInput={({ currentTarget }) => setUsername(currentTarget.value)}
        />
      )}
    </Field>
  );
  const codeField = (label: string, isFirst: boolean) => (
    <Field label={label}>
      {(ids: ControlIds) => (
        <input
          ref={isFirst ? focused : null}
          class="input"
          name="code"
          inputMode="numeric"
          autocomplete="one-time-code"
          required
          {...ids}
        />
      )}
    </Field>
  );
  const newPasswordField = (isFirst: boolean) => (
    <Field label="New password" hint="At least 12 characters, with capitals, small letters and digits.">
      {(ids: ControlIds) => (
        <input
          ref={isFirst ? focused : null}
          class="input"
          name="password"
          type="password"
          autocomplete="new-password"
          minLength={12}
          required
          {...ids}
        />
      )}
    </Field>
  );
  const submitButton = (text: string) => (
    <button type="submit" class="btn primary" disabled={busy}>
      {text}
    </button>
  );
  const backButton = (
    <button type="button" class="btn ghost" onClick={() => setStep({ is: "password" })}>
      Back
    </button>
  );
  if (step.is === "password") {
    const wrong = error instanceof cognito.WrongCredentials;
    return (
      <form key="password" onSubmit={submit((field) => cognito.start(username, field("password")))}>
        {addressField}
        <Field label="Password" fault={wrong ? error.message : undefined}>
          {(ids: ControlIds) => (
            <input class="input" name="password" type="password" autocomplete="current-password" required {...ids} />
          )}
        </Field>
        {wrong ? null : <Fault error={error} />}
        {submitButton("Sign in")}
        <button type="button" class="btn ghost" onClick={() => setStep({ is: "forgotten" })}>
          Forgot the password
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
            <p class="quiet">Welcome. Choose a password of your own.</p>
            {newPasswordField(true)}
          </>
        ) : (
          codeField("Code of your authenticator app", true)
        )}
        <Fault error={error} />
        {submitButton("Continue")}
        {backButton}
      </form>
    );
  }
  if (step.is === "forgotten") {
    return (
      <form key="forgotten" onSubmit={submit(() => cognito.forgot(username).then(() => ({ is: "code" })))}>
        <p class="quiet">A code is sent to your address.</p>
        {addressField}
        <Fault error={error} />
        {submitButton("Send the code")}
        {backButton}
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
      <p class="quiet">
        If <bdi>{username}</bdi> has an account here, a code is on its way.
      </p>
      {codeField("Code", true)}
      {newPasswordField(false)}
      <Fault error={error} />
      {submitButton("Set the password")}
      {backButton}
    </form>
  );
}

/** Sign-in with a pasted token, for deployments without an OpenID Connect client. */
function PastedToken({ busy, run }: MethodProps): JSX.Element {
  const [token, setToken] = useState("");
  return (
    <form onSubmit={submitting(() => run(async () => ({ token: token.trim() })))}>
      <p class="quiet">This deployment’s own issuer grants its tokens. Paste one to continue.</p>
      <Field label="Token">
        {(ids: ControlIds) => (
          <textarea
            class="input"
            rows={4}
            required
            {...ids}
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        )}
      </Field>
      <button type="submit" class="btn primary" disabled={busy}>
        Continue
      </button>
    </form>
  );
}
