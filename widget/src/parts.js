/** Parts of the script that are loaded when they are first needed. The entry point knows how. */

/** @typedef {typeof import('./search.js').Search} SearchClass */

/** @type {{ search: () => Promise<SearchClass> }} */
export const parts = {
	search: () => Promise.reject(Object.assign(new Error('no search'), { missing: true })),
}
