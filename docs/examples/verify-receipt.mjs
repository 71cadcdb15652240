// The verification of docs/receipts.md: node verify_receipt.mjs KEYS.json SENT.json
import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const [keys, sent] = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, "utf8")));
const [head, payload, signature] = sent.receipt.split(".");
const decode = (part) => JSON.parse(Buffer.from(part, "base64url"));
const jwk = keys.keys.find((key) => key.kid === decode(head).kid);
if (!jwk || decode(head).alg !== "EdDSA") throw new Error("unknown key");
const key = createPublicKey({ key: jwk, format: "jwk" });
if (!verify(null, Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, "base64url"))) throw new Error("changed");

const receipt = decode(payload);
const text = (value) => String(value).normalize("NFC").trim().split(/\s+/).join(" ");
const digest = (pointer, value) =>
	createHash("sha256").update(`${receipt.salt}\n${pointer}\n${text(value)}`).digest().subarray(0, 16).toString("base64url");
if (receipt.subject !== digest("siret", sent.siret)) throw new Error("another company");
const state = ([pointer, value]) => {
	const known = receipt.fields[pointer]?.[0];
	return [pointer, known === undefined ? "typed" : known === digest(pointer, value) ? "verified" : "modified"];
};
console.log(JSON.stringify(Object.fromEntries(Object.entries(sent.values).map(state))));
