// The browsable API reference: Swagger UI on our own description, everything from this server.
// Only reading can be tried out here: what changes something is done on its page, or by a program that means it.
(() => {
  const place = document.getElementById("api-reference");
  if (!place || !window.SwaggerUIBundle) return;
  window.SwaggerUIBundle({
    domNode: place,
    url: place.dataset.schema,
    layout: "BaseLayout",
    deepLinking: true,
    displayOperationId: false,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    supportedSubmitMethods: ["get"],
    tryItOutEnabled: false,
    validatorUrl: null,
  });
})();
