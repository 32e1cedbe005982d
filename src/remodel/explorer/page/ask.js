// Questions to the server on this machine.

export class Refused extends Error {
  constructor({ message, field }) {
    super(message);
    this.field = field ?? "";
  }
}

async function answered(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Refused({ message: "The explorer does not answer; is it still running in its terminal?" });
  }
  let content;
  try {
    content = await response.json();
  } catch {
    throw new Refused({ message: `The explorer answered with ${response.status} and no content.` });
  }
  if (!response.ok) throw new Refused(content.error ?? { message: `Error ${response.status}.` });
  return content;
}

export const catalog = () => answered("api/catalog", {});

const post = (name, page) =>
  answered(`api/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(page),
  });

// One question at a time; while it is under way only the newest of those that follow is kept.
export class Latest {
  constructor(name, onAnswer, onError) {
    this.name = name;
    this.onAnswer = onAnswer;
    this.onError = onError;
    this.waiting = null;
    this.isBusy = false;
  }

  async ask(page, key) {
    this.waiting = { page, key };
    if (this.isBusy) return;
    this.isBusy = true;
    while (this.waiting) {
      const { page: asked, key: wanted } = this.waiting;
      this.waiting = null;
      try {
        const answer = await post(this.name, asked);
        this.onAnswer(answer, wanted);
      } catch (error) {
        if (!(error instanceof Refused)) console.error(error);
        this.onError(error, wanted);
      }
    }
    this.isBusy = false;
  }
}
