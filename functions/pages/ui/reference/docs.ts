// The API reference page: Swagger UI, which shows `/openapi.json`.

import { showDemoTokenButtons, showStatusMessage } from "./tokens";

/** The part of Swagger UI that this page uses. https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/ */
interface SwaggerUI {
  preauthorizeApiKey(scheme: string, token: string): void;
}

declare const SwaggerUIBundle: (options: Record<string, unknown>) => SwaggerUI;

const darkSchemeMediaQuery = matchMedia("(prefers-color-scheme: dark)");
function applySystemColorScheme(): void {
  document.documentElement.classList.toggle("dark-mode", darkSchemeMediaQuery.matches);
}

applySystemColorScheme();
darkSchemeMediaQuery.addEventListener("change", applySystemColorScheme);

const swaggerUi = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  displayRequestDuration: true,
  // Tokens stay in memory and are not written to local storage.
  persistAuthorization: false,
  tryItOutEnabled: true,
  // By default Swagger UI sends the document to the validator at validator.swagger.io.
  validatorUrl: null,
  onComplete: () => {
    showDemoTokenButtons((token, role) => {
      swaggerUi.preauthorizeApiKey("bearer", token);
      showStatusMessage(`${role}.`);
    });
  },
});
