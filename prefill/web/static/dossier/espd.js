// The DUME of the company as ESPD XML: what remains to be given, or the file, with what it does not carry and what to look at.

import { clearEspd, espdSize, showEspdNotes } from '../common.js'
import { call, refusalOf } from './api.js'
import { download } from './documents.js'
import { byId } from './dom.js'

const XML = 'application/xml, application/problem+json'

/**
 * Download the DUME, or say what it waits for. Rejects with a refusal.
 *
 * @param {string} href
 * @param {(text: string) => void} report What to say of the progress.
 * @param {AbortSignal} signal Of the dossier that it is of.
 * @returns {Promise<null>}
 */
export const downloadDume = async (href, report, signal) => {
	const size = espdSize()
	const path = size ? `${href}&size=${size}` : href
	report('Le DUME est demandé…')
	const response = await call(path, 'application/json', signal)
	if (!response.ok) throw await refusalOf(response)
	const status = await response.json()
	showEspdNotes(status)
	byId('dume').hidden = false
	if (status.available) await download(path, report, { media: XML, signal })
	else report(status.remaining.map((/** @type {any} */ gap) => gap.message).join(' '))
	return null
}

export const forgetDume = () => {
	clearEspd()
	byId('dume').hidden = true
}
