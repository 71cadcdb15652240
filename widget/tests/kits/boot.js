/** What the pages of frameworks share. */

import { useService } from '../../src/module.js'

const parameters = new URLSearchParams(location.search)
useService(`${parameters.get('service')}/v1/`)
/** The options of `attach` that the address asks for. */
export const options = parameters.get('url') ? { url: parameters.get('url') } : {}
