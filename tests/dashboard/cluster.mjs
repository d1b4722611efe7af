// A registry and nodes, as processes on loopback, in a folder of their own; and kvctl.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

export const PATIENCE = 180_000; // milliseconds: only what never comes waits so long, on the slowest machine

// Waits for what `condition` gives that is not false; what it throws counts as "not yet".
export async function until(what, condition) {
  const end = Date.now() + PATIENCE;
  let last;
  for (;;) {
    try {
      last = await condition();
      if (last) return last;
    } catch (error) {
      last = error.message;
    }
    if (Date.now() > end) throw new Error(`never: ${what} (at last: ${last})`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// So many free ports in a row.
async function freePorts(count) {
  for (let attempt = 0; attempt < 200; ++attempt) {
    const first = 20000 + Math.floor(Math.random() * 10000);
    const servers = [];
    try {
      for (let port = first; port < first + count; ++port) {
        const server = net.createServer().listen({ port, host: "127.0.0.1", exclusive: true });
        servers.push(server);
        await once(server, "listening");
      }
      return first;
    } catch {
      // one is taken: others
    } finally {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    }
  }
  throw new Error("no free ports");
}

export class Cluster {
  #bin;
  #processes = new Map();
  #ports = new Map(); // each node keeps its own

  constructor(bin) {
    this.#bin = bin;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "ringkv-dashboard-"));
  }

  async start(nodes, partitions) {
    const port = await freePorts(3);
    this.registry = `tcp://127.0.0.1:${port}`;
    this.page = `http://127.0.0.1:${port + 2}`;
    this.#write("registry", ["cluster: demo", `listen: ${this.registry}`, `publish: tcp://127.0.0.1:${port + 1}`,
      `http: 127.0.0.1:${port + 2}`, `data_dir: ${this.folder}/registry`, `partitions: ${partitions}`, "replication: 3",
      `form_with: ${nodes}`, "repair_after: 1h"]);
    await this.startRegistry();
    for (let number = 1; number <= nodes; ++number) await this.startNode(`n${number}`, `rack-${"abc"[(number - 1) % 3]}`);
  }

  startRegistry() {
    return this.#run("registry", "ringkv-registry", "ready");
  }

  async startNode(name, rack) {
    if (!this.#ports.has(name)) {
      this.#ports.set(name, await freePorts(2));
      this.#write(name, [`name: ${name}`, `rack: ${rack}`, `registry: ${this.registry}`, "shards: 2",
        `listen: tcp://127.0.0.1:${this.#ports.get(name)}`, "durability: memory", `data_dir: ${this.folder}/${name}`]);
    }
    await this.#run(name, "ringkv-node", "ready");
  }

  // Writes and reads, as fast as one caller can, until it is ended.
  load() {
    this.#spawn("load", "kvctl", ["--registry", this.registry, "bench", "mixed", "--clients", "1", "--depth", "1",
      "--keys", "1000", "--seconds", "3600"]);
  }

  async kill(name, signal = "SIGKILL") {
    const child = this.#processes.get(name);
    this.#processes.delete(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  kvctl(...words) {
    return JSON.parse(execFileSync(path.join(this.#bin, "kvctl"), ["--registry", this.registry, "-o", "json", ...words],
      { encoding: "utf8", timeout: PATIENCE }));
  }

  // With a key of any bytes, which no argument of execFile can be.
  locateBytes(shellWord) {
    return JSON.parse(execFileSync("bash", ["-c", `exec "$0" --registry "$1" -o json locate ${shellWord}`,
      path.join(this.#bin, "kvctl"), this.registry], { encoding: "utf8", timeout: PATIENCE }));
  }

  async end() {
    for (const name of [...this.#processes.keys()].reverse()) await this.kill(name);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  #write(name, lines) {
    fs.writeFileSync(path.join(this.folder, `${name}.yaml`), `${lines.join("\n")}\n`);
  }

  #spawn(name, program, words) {
    const log = fs.openSync(path.join(this.folder, `${name}.log`), "a");
    const child = spawn(path.join(this.#bin, program), words, { stdio: ["ignore", log, log] });
    fs.closeSync(log);
    this.#processes.set(name, child);
    return child;
  }

  async #run(name, program, word) {
    const file = path.join(this.folder, `${name}.log`);
    fs.writeFileSync(file, "");
    const child = this.#spawn(name, program, ["--config", path.join(this.folder, `${name}.yaml`)]);
    await until(`${name} is ready`, () => {
      const said = fs.readFileSync(file, "utf8");
      if (child.exitCode !== null) throw new Error(`${name} has ended: ${said}`);
      return said.includes(word);
    });
  }
}
