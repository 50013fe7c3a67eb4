// WebTransport for Node, which has none of its own: the browsers' interface, as far as the library uses it, on QUIC from the npm
// package @moq/web-transport. Its build needs glibc 2.38, so `.ci/run` installs a Node that runs with one.

import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

const tools = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "realmgate-tools/node");
const MOST_READ_BYTES = 65_536;

/** The class `WebTransport`; throws where the package cannot be loaded. */
export function nodeWebTransport() {
  // The package's own wrapper is TypeScript, which Node 20 does not read: this is the part below it.
  const { NapiClient } = createRequire(import.meta.url)(join(tools, "node_modules/@moq/web-transport/napi.cjs"));
  return class WebTransport extends Session {
    constructor(url, options = {}) {
      const hashes = (options.serverCertificateHashes ?? []).map(({ value }) => Buffer.from(value));
      const client = hashes.length ? NapiClient.withCertificateHashes(hashes) : NapiClient.withSystemRoots();
      super(client.connect(String(url)));
    }
  };
}

class Session {
  ready;
  closed;
  datagrams;
  #connecting;

  constructor(connecting) {
    this.#connecting = connecting;
    this.ready = connecting.then(() => {});
    this.closed = connecting.then((session) => session.closed());
    this.datagrams = new Datagrams(connecting);
    // Who waits for one of them is told; nobody has to.
    this.ready.catch(() => {});
    this.closed.catch(() => {});
  }

  async createBidirectionalStream() {
    const stream = await (await this.#connecting).openBi();
    return { readable: readableFrom(stream.takeRecv()), writable: writableTo(stream.takeSend()) };
  }

  close({ closeCode = 0, reason = "" } = {}) {
    this.#connecting.then(
      (session) => session.close(closeCode, reason),
      () => {},
    );
  }
}

class Datagrams {
  incomingHighWaterMark = 1;
  readable;
  writable;
  #session = null;

  constructor(connecting) {
    connecting.then(
      (session) => (this.#session = session),
      () => {},
    );
    const read = async () => (await connecting).recvDatagram();
    this.readable = new ReadableStream({
      pull: (controller) =>
        read().then(
          (bytes) => controller.enqueue(new Uint8Array(bytes)),
          () => controller.close(),
        ),
    });
    this.writable = new WritableStream({
      write: async (bytes) => (await connecting).sendDatagram(Buffer.from(bytes)),
    });
  }

  get maxDatagramSize() {
    return this.#session?.maxDatagramSize() ?? 0;
  }
}

function readableFrom(stream) {
  return new ReadableStream({
    async pull(controller) {
      const bytes = await stream.read(MOST_READ_BYTES);
      if (bytes) controller.enqueue(new Uint8Array(bytes));
      else controller.close();
    },
    cancel: () => stream.stop(0),
  });
}

function writableTo(stream) {
  return new WritableStream({
    write: (bytes) => stream.write(Buffer.from(bytes)),
    close: () => stream.finish(),
    abort: () => stream.reset(0),
  });
}
