/**
 * What was prefilled, per form and number, kept through reload and Back: in the state of the history entry, which
 * ends with the tab. Nothing is written in a cookie or a storage.
 */

const KEY = 'prefill'

/** @typedef {[before: string, after: string, producer: string, retrievedAt: string, source: string, editedFor?: string, asOf?: string]} SavedField */
/** @typedef {{ number: string, fields: Record<string, SavedField>, receipt?: string }} SavedBlock */

/** @returns {{ blocks?: Record<string, SavedBlock>, consent?: string }} */
function load() {
	try {
		return history.state?.[KEY] || {}
	} catch {
		return {}
	}
}

/** @param {object} changes */
function save(changes) {
	const state = history.state
	// A state that is not an object belongs to a page that keeps something else there.
	if (state != null && (typeof state !== 'object' || Array.isArray(state))) return
	try {
		history.replaceState({ ...state, [KEY]: { ...load(), ...changes } }, '')
	} catch {
		// A sandboxed frame, or more calls than the browser allows: the form works without its memory.
	}
}

/** The latest blocks, while the document lives: a page may write the state of the entry anew. @type {Map<string, SavedBlock | undefined>} */
const latest = new Map()

/**
 * The block of that name; else another of the same form that has that number, as when a member was removed.
 * @param {string} name @param {string} number @returns {SavedBlock | undefined}
 */
export function recall(name, number) {
	const blocks = load().blocks || {}
	const form = name.slice(0, name.lastIndexOf(' '))
	const moved = Object.keys(blocks).find(key => key.startsWith(`${form} `) && blocks[key].number === number)
	const saved = blocks[name]?.number === number || !moved ? blocks[name] : blocks[moved]
	const last = latest.get(name)
	return saved || (last?.number === number ? last : undefined)
}

/** @param {string} name @param {SavedBlock | undefined} block */
export function remember(name, block) {
	latest.set(name, block)
	const { [name]: old, ...others } = load().blocks || {}
	if (block || old) save({ blocks: block ? { ...others, [name]: block } : others })
}

export const consentGiven = () => load().consent
/** @param {string} version */
export const giveConsent = version => save({ consent: version })
