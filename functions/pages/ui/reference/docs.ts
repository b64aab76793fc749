// The reference: Swagger UI on the contract that is served beside it.

import { showStatusMessage, showTokenButtons } from "./tokens";

/** What is used of Swagger UI. https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/ */
interface SwaggerUI {
  preauthorizeApiKey(scheme: string, token: string): void;
}

declare const SwaggerUIBundle: (options: Record<string, unknown>) => SwaggerUI;

const darkSchemeQuery = matchMedia("(prefers-color-scheme: dark)");
function applySystemScheme(): void {
  document.documentElement.classList.toggle("dark-mode", darkSchemeQuery.matches);
}

applySystemScheme();
darkSchemeQuery.addEventListener("change", applySystemScheme);

const swaggerUi = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  displayRequestDuration: true,
  // Tokens stay in memory.
  persistAuthorization: false,
  tryItOutEnabled: true,
  // By default Swagger UI sends the document to the validator at validator.swagger.io.
  validatorUrl: null,
  onComplete: () => {
    showTokenButtons((token, role) => {
      swaggerUi.preauthorizeApiKey("bearer", token);
      showStatusMessage(`${role}.`);
    });
  },
});
