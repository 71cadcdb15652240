/** The search, for the classic script: left on the element that loaded it. */

import { Search } from './search.js'

Object.assign(document.currentScript, { prefillSearch: Search })
