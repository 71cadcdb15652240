/** What the operator must tell before the first search, and the consent that they may ask for. */

import { make, makeButton } from './kits.js'
import { consentGiven, giveConsent } from './memory.js'
import { askJson } from './transport.js'

/** @typedef {{ version: string, title: string, text: string[], consent: boolean }} NoticeText */

/** @type {Map<string, Promise<NoticeText | null>>} */
const notices = new Map()

/** The notice of a form, asked once a page; null when there is none. @param {import('./transport.js').Request} options */
export function noticeOf(options) {
	const key = `${options.url} ${options.schema} ${options.tenant}`
	if (!notices.has(key)) {
		const lasting = { ...options, signal: /** @type {undefined} */ (undefined) }
		notices.set(
			key,
			askJson('notice', lasting, ['schema', 'tenant']).then(
				notice => (notice.text?.length || notice.title ? /** @type {any} */ (notice) : null),
				/** @returns {null} */ fault => {
					if (fault.problem?.status === 404) return null
					// Not known is not none: consent may be due.
					notices.delete(key)
					throw fault
				},
			),
		)
	}
	return notices.get(key)
}

/** @param {NoticeText | null} notice */
export const needsConsent = notice => !!notice?.consent && consentGiven() !== `${notice.version}`

/**
 * @param {NoticeText} notice @param {import('./kits.js').Kit} kit @param {import('./sentences.js').Sentences} words
 * @param {() => void} onAccept
 */
export function drawNotice(notice, kit, words, onAccept) {
	const box = make('div', 'notice')
	box.setAttribute('role', 'note')
	if (notice.title) box.append(make('strong', 'notice-title', '', notice.title))
	for (const paragraph of notice.text || []) box.append(make('p', 'notice-text', '', paragraph))
	if (!needsConsent(notice)) return box
	const button = makeButton('button', kit.button, words.accept, () => {
		giveConsent(`${notice.version}`)
		button.remove()
		onAccept()
	})
	box.append(button)
	return box
}
