import './words.js';

const place = document.getElementById('docs');

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.specUrl,
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});
