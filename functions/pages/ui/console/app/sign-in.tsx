// The sign-in screen and the dialog for signing in again, with the methods that the deployment offers.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "../ui/dialog";
import { createSubmitHandler, type FormControlAttributes, FormField } from "../ui/field";
import { focusElementOnce } from "../ui/focus";
import { Icon, Logo } from "../ui/icon";
import * as cognito from "./cognito";
import { signInConfiguration } from "./configuration";
import { type DemoIdentity, type TokenGrant, USER_ROLES } from "./grant";
import * as oidc from "./oidc";
import { requestDemoTokenGrant, signOut, startSession, type User } from "./session";

export function SignInScreen({ signInError }: { signInError: string | undefined }): JSX.Element {
  return (
    <main class="door" id="main">
      <div>
        <Logo isLarge />
        <h1 class="huge">Sign in to Leads</h1>
      </div>
      <SignInMethodsSection fault={signInError} mayRedirect={true} />
      <footer>
        <a class="link" href="/docs">
          API reference
        </a>
      </footer>
    </main>
  );
}

/** The dialog for signing in again after the session has ended. It keeps the current screen, so that the user can continue. */
export function SignInAgainDialog({ user }: { user: User }): JSX.Element {
  return (
    <Dialog title="Sign in again">
      <div class="again">
        <p class="quiet">
          Your session has ended. Nothing that you typed is lost: sign in as <bdi>{user.email || user.name}</bdi> and
          continue.
        </p>
        <SignInMethodsSection fault={undefined} mayRedirect={false} />
        <button type="button" class="btn ghost" onClick={signOut}>
          Sign out instead
        </button>
      </div>
    </Dialog>
  );
}

interface SignInMethodProps {
  isBusy: boolean;
  /** Error of the latest attempt. */
  error: unknown;
  attemptSignIn: (requestGrant: () => Promise<TokenGrant | undefined>) => void;
}

function SignInErrorMessage({ error }: { error: unknown }): JSX.Element | null {
  if (error === undefined) return null;
  return (
    <p class="small bad" role="alert">
      {error instanceof Error ? error.message : String(error)}
    </p>
  );
}

function SignInMethodsSection({
  fault,
  mayRedirect,
}: {
  fault: string | undefined;
  mayRedirect: boolean;
}): JSX.Element {
  const [error, setError] = useState<unknown>(fault);
  const [isBusy, setBusy] = useState(false);
  const attemptSignIn: SignInMethodProps["attemptSignIn"] = async (requestGrant) => {
    setBusy(true);
    setError(undefined);
    try {
      const tokenGrant = await requestGrant();
      if (tokenGrant) startSession(tokenGrant);
    } catch (error) {
      setError(error);
    }
    setBusy(false);
  };
  const signInMethodProps = { isBusy, error, attemptSignIn };
  const offersOidcSignIn = signInConfiguration.clientId && signInConfiguration.issuer && !signInConfiguration.cognito;
  return (
    <div class="methods">
      {signInConfiguration.cognito ? (
        <PasswordSignInForm {...signInMethodProps} />
      ) : (
        <SignInErrorMessage error={error} />
      )}
      {offersOidcSignIn ? (
        <button
          type="button"
          class={signInConfiguration.tokens ? "btn" : "btn primary"}
          // While a pop-up is open, the button stays enabled, because the user may have closed the pop-up and need
          // another.
          disabled={isBusy && mayRedirect}
          onClick={() =>
            attemptSignIn(() =>
              mayRedirect ? oidc.startRedirectSignIn().then(() => undefined) : oidc.startPopupSignIn(),
            )
          }
        >
          Sign in at {new URL(signInConfiguration.issuer ?? "").host}
        </button>
      ) : null}
      {signInConfiguration.tokens && (signInConfiguration.cognito || offersOidcSignIn) ? <p class="or">or</p> : null}
      {signInConfiguration.tokens ? <DemoSignInSection {...signInMethodProps} /> : null}
      {signInConfiguration.tokens || signInConfiguration.cognito || offersOidcSignIn ? null : (
        <PastedTokenSignInForm {...signInMethodProps} />
      )}
    </div>
  );
}

/** The members of the demo team. */
const DEMO_TEAM_MEMBERS: DemoIdentity[] = [
  { role: "Owner" },
  { role: "Manager", userId: 2, firstName: "Max", email: "manager@example.com" },
  { role: "Viewer", userId: 3, firstName: "Vera", email: "viewer@example.com" },
];

/** Sign-in at a demo system: a click signs in as a member of its team. */
function DemoSignInSection({ isBusy, attemptSignIn }: SignInMethodProps): JSX.Element {
  const [customIdentity, setCustomIdentity] = useState<Required<Omit<DemoIdentity, "firstName" | "lastName">>>({
    team: "demo",
    role: "Owner",
    userId: 1,
    email: "owner@example.com",
  });
  return (
    <>
      <p class="quiet">This is a demo system. Look around as a member of the team “demo”.</p>
      <div class="members">
        {DEMO_TEAM_MEMBERS.map((identity, index) => (
          <button
            key={identity.role}
            type="button"
            class={index === 0 && !signInConfiguration.cognito ? "btn primary" : "btn"}
            disabled={isBusy}
            onClick={() => attemptSignIn(() => requestDemoTokenGrant(identity))}
          >
            {identity.role}
          </button>
        ))}
      </div>
      <details>
        <summary>
          <Icon name="chevron-right" /> Somebody else
        </summary>
        <form onSubmit={createSubmitHandler(() => attemptSignIn(() => requestDemoTokenGrant(customIdentity)))}>
          <FormField label="Team">
            {(ids: FormControlAttributes) => (
              <input
                class="input"
                {...ids}
                value={customIdentity.team}
                required
                onInput={({ currentTarget }) => setCustomIdentity({ ...customIdentity, team: currentTarget.value })}
              />
            )}
          </FormField>
          <FormField label="Role">
            {(ids: FormControlAttributes) => (
              <span class="select">
                <select
                  {...ids}
                  value={customIdentity.role}
                  onInput={({ currentTarget }) =>
                    setCustomIdentity({ ...customIdentity, role: currentTarget.value as DemoIdentity["role"] })
                  }
                >
                  {USER_ROLES.map((role) => (
                    <option key={role}>{role}</option>
                  ))}
                </select>
                <Icon name="chevron-down" />
              </span>
            )}
          </FormField>
          <FormField label="User number">
            {(ids: FormControlAttributes) => (
              <input
                class="input"
                type="number"
                min={1}
                required
                {...ids}
                value={customIdentity.userId}
                onInput={({ currentTarget }) =>
                  setCustomIdentity({ ...customIdentity, userId: currentTarget.valueAsNumber })
                }
              />
            )}
          </FormField>
          <FormField label="E-mail">
            {(ids: FormControlAttributes) => (
              <input
                class="input"
                type="email"
                {...ids}
                value={customIdentity.email}
                onInput={({ currentTarget }) => setCustomIdentity({ ...customIdentity, email: currentTarget.value })}
              />
            )}
          </FormField>
          <button type="submit" class="btn" disabled={isBusy}>
            Sign in
          </button>
        </form>
      </details>
    </>
  );
}

type PasswordSignInStepState =
  | { is: "password" }
  | { is: "forgotten" }
  | { is: "code" }
  | { is: "challenge"; challenge: cognito.SignInChallenge };

/** Sign-in at the deployment's own Cognito user pool, with e-mail address and password. */
function PasswordSignInForm({ isBusy, error, attemptSignIn }: SignInMethodProps): JSX.Element {
  const [currentStep, setStep] = useState<PasswordSignInStepState>({ is: "password" });
  const [username, setUsername] = useState("");
  const createSignInStepSubmitHandler =
    (
      runStep: (
        field: (name: string) => string,
      ) => Promise<TokenGrant | cognito.SignInChallenge | PasswordSignInStepState>,
    ) =>
    (event: SubmitEvent) => {
      event.preventDefault();
      const formElement = event.currentTarget as HTMLFormElement;
      const formData = new FormData(formElement);
      attemptSignIn(async () => {
        const grantOrNextStep = await runStep((name) => String(formData.get(name) ?? ""));
        formElement.reset();
        if ("token" in grantOrNextStep) return grantOrNextStep;
        setStep("is" in grantOrNextStep ? grantOrNextStep : { is: "challenge", challenge: grantOrNextStep });
        return undefined;
      });
    };
  const emailFieldJsx = (
    <FormField label="E-mail">
      {(ids: FormControlAttributes) => (
        <input
          ref={focusElementOnce}
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
    </FormField>
  );
  const renderOneTimeCodeField = (label: string, isFirst: boolean) => (
    <FormField label={label}>
      {(ids: FormControlAttributes) => (
        <input
          ref={isFirst ? focusElementOnce : null}
          class="input"
          name="code"
          inputMode="numeric"
          autocomplete="one-time-code"
          required
          {...ids}
        />
      )}
    </FormField>
  );
  const renderNewPasswordField = (isFirst: boolean) => (
    <FormField label="New password" hint="At least 12 characters, with capitals, small letters and digits.">
      {(ids: FormControlAttributes) => (
        <input
          ref={isFirst ? focusElementOnce : null}
          class="input"
          name="password"
          type="password"
          autocomplete="new-password"
          minLength={12}
          required
          {...ids}
        />
      )}
    </FormField>
  );
  const renderSubmitButton = (text: string) => (
    <button type="submit" class="btn primary" disabled={isBusy}>
      {text}
    </button>
  );
  const backButtonJsx = (
    <button type="button" class="btn ghost" onClick={() => setStep({ is: "password" })}>
      Back
    </button>
  );
  if (currentStep.is === "password") {
    const hasWrongCredentials = error instanceof cognito.WrongCredentialsError;
    return (
      <form
        key="password"
        onSubmit={createSignInStepSubmitHandler((field) => cognito.signInWithPassword(username, field("password")))}
      >
        {emailFieldJsx}
        <FormField label="Password" fault={hasWrongCredentials ? error.message : undefined}>
          {(ids: FormControlAttributes) => (
            <input class="input" name="password" type="password" autocomplete="current-password" required {...ids} />
          )}
        </FormField>
        {hasWrongCredentials ? null : <SignInErrorMessage error={error} />}
        {renderSubmitButton("Sign in")}
        <button type="button" class="btn ghost" onClick={() => setStep({ is: "forgotten" })}>
          Forgot the password
        </button>
      </form>
    );
  }
  if (currentStep.is === "challenge") {
    const { challenge } = currentStep;
    return (
      <form
        key="challenge"
        onSubmit={createSignInStepSubmitHandler((field) =>
          cognito.respondToChallenge(challenge, field("password") || field("code")),
        )}
      >
        {challenge.name === "NEW_PASSWORD_REQUIRED" ? (
          <>
            <p class="quiet">Welcome. Choose a password of your own.</p>
            {renderNewPasswordField(true)}
          </>
        ) : (
          renderOneTimeCodeField("Code of your authenticator app", true)
        )}
        <SignInErrorMessage error={error} />
        {renderSubmitButton("Continue")}
        {backButtonJsx}
      </form>
    );
  }
  if (currentStep.is === "forgotten") {
    return (
      <form
        key="forgotten"
        onSubmit={createSignInStepSubmitHandler(() =>
          cognito.requestPasswordResetCode(username).then(() => ({ is: "code" })),
        )}
      >
        <p class="quiet">A code is sent to your address.</p>
        {emailFieldJsx}
        <SignInErrorMessage error={error} />
        {renderSubmitButton("Send the code")}
        {backButtonJsx}
      </form>
    );
  }
  return (
    <form
      key="code"
      onSubmit={createSignInStepSubmitHandler(async (field) => {
        await cognito.resetPassword(username, field("code"), field("password"));
        return cognito.signInWithPassword(username, field("password"));
      })}
    >
      <p class="quiet">
        If <bdi>{username}</bdi> has an account here, a code is on its way.
      </p>
      {renderOneTimeCodeField("Code", true)}
      {renderNewPasswordField(false)}
      <SignInErrorMessage error={error} />
      {renderSubmitButton("Set the password")}
      {backButtonJsx}
    </form>
  );
}

/** Sign-in with a pasted token, for deployments without an OpenID Connect client. */
function PastedTokenSignInForm({ isBusy, attemptSignIn }: SignInMethodProps): JSX.Element {
  const [token, setToken] = useState("");
  return (
    <form onSubmit={createSubmitHandler(() => attemptSignIn(async () => ({ token: token.trim() })))}>
      <p class="quiet">This deployment’s own issuer grants its tokens. Paste one to continue.</p>
      <FormField label="Token">
        {(ids: FormControlAttributes) => (
          <textarea
            class="input"
            rows={4}
            required
            {...ids}
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        )}
      </FormField>
      <button type="submit" class="btn primary" disabled={isBusy}>
        Continue
      </button>
    </form>
  );
}
