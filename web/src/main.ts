// Starts the console: theme, store, router.
import 'element-plus/es/components/message/style/css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { followChoices } from './appearance'
import { language } from './language'
import { createConsoleRouter } from './router'
import { keepFocus } from './shell/focus'
import './theme.css'

followChoices()
keepFocus()
document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN'
const app = createApp(App)
app.use(createPinia())
app.use(createConsoleRouter())
app.mount('#app')
