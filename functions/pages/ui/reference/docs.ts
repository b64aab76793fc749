// The reference: Swagger UI on the contract that is served beside it.

import { offerTokens, say } from "./tokens";

/** What is used of Swagger UI. https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/ */
interface SwaggerUI {
  preauthorizeApiKey(scheme: string, token: string): void;
}

declare const SwaggerUIBundle: (options: Record<string, unknown>) => SwaggerUI;

const dark = matchMedia("(prefers-color-scheme: dark)");
function followScheme(): void {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

followScheme();
dark.addEventListener("change", followScheme);

const reference = SwaggerUIBundle({
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
    offerTokens((token, role) => {
      reference.preauthorizeApiKey("bearer", token);
      say(`${role}.`);
    });
  },
});
