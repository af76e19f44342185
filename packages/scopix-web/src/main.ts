import { mount } from 'svelte'
import './app.css'
import App from './App.svelte'
import { begin } from './lib/session.svelte'
import { speak } from './lib/words.svelte'

void Promise.all([speak(), begin()]).then(() => mount(App, { target: document.getElementById('app')! }))
