// The server, from the page: every call carries the token if there is one, and a refusal is an Error with its sentence.

const askToken = document.getElementById("token");

function headers() {
  const token = sessionStorage.getItem("token");
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** A Response that is well; an Error otherwise, whose message is for a person. */
export async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: headers() });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer: is `tchexnet serve` still running?");
  }
  if (response.status === 401) {
    await token();
    return call(path, options);
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.detail || `The server answered ${response.status}.`);
  }
  return response;
}

export const json = async (path, options) => (await call(path, options)).json();

export function form(file, fields = {}) {
  const body = new FormData();
  body.append("file", file, file.name);
  for (const [name, value] of Object.entries(fields)) if (value) body.append(name, value);
  return { method: "POST", body };
}

let asking = null;

/** Ask the person for the token, once for all calls that wait for it. */
function token() {
  asking ??= new Promise((resolve) => {
    const field = document.getElementById("token-value");
    field.value = "";
    askToken.addEventListener("close", () => {
      sessionStorage.setItem("token", field.value);
      asking = null;
      resolve();
    }, { once: true });
    askToken.showModal();
  });
  return asking;
}
