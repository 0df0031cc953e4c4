// On the way to the gateway: the form sends itself, once in this tab. Whoever comes back by the back button decides
// themselves.

const form = document.getElementById("pay");
const key = `sent ${form?.dataset.order}`;
if (form && !sessionStorage.getItem(key)) {
  sessionStorage.setItem(key, "yes");
  form.requestSubmit();
}
