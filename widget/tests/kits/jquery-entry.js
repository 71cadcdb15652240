import './jquery.js'
import 'jquery-validation'
