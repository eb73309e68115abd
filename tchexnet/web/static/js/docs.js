// The OpenAPI page. `validatorUrl: null` keeps Swagger UI from asking a server of its own about ours.
window.SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", validatorUrl: null, deepLinking: true });
