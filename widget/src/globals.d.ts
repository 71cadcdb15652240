/** The version in package.json, written by the bundler. */
declare const PREFILL_VERSION: string
/** The integrity of the search that belongs to this version. */
declare const PREFILL_SEARCH: string
