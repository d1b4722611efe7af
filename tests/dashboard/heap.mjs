// Keeps the registry's page open: `run --heap URL`. For each line of standard input a line of JSON: what the page's
// scripts have in memory after a collection, in bytes, and how many nodes its document has.
import readline from "node:readline";

import { chromium } from "playwright-core";

const { RINGKV_CHROMIUM } = process.env;
const browser = await chromium.launch({ executablePath: RINGKV_CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 960 } })).newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(process.argv[2]);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable");
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    await devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await devtools.send("Performance.getMetrics");
    const of = (name) => metrics.find((metric) => metric.name === name).value;
    const events = await page.locator("#events li").count();
    console.log(JSON.stringify({ heap: of("JSHeapUsedSize"), nodes: of("Nodes"), events, complaints }));
  }
} finally {
  await browser.close();
}
