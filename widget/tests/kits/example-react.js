import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import Candidature from '../../../prefill/web/static/examples/react.jsx'

createRoot(document.getElementById('app')).render(createElement(Candidature))
