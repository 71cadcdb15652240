/** The version in package.json, written by the bundler. */
declare const PREFILL_VERSION: string
