// What can be said about the sign-in and password forms before and after asking the service.
import type { Problem } from '@/api/problem'
import { words } from './words'

export function missing({ username, password }: { username: string; password: string }) {
  const faults: { username?: string; password?: string } = {}
  if (!username.trim()) faults.username = words.session.usernameMissing
  if (!password) faults.password = words.session.passwordMissing
  return faults
}

export interface NewPassword {
  old: string
  fresh: string
  again: string
}

/** Only what the service cannot see; the password rule itself is the service's, and it says it. */
export function passwordFaults({ old, fresh, again }: NewPassword): Partial<Record<keyof NewPassword, string>> {
  const faults: Partial<Record<keyof NewPassword, string>> = {}
  if (!old) faults.old = words.password.oldMissing
  if (!fresh) faults.fresh = words.password.newMissing
  else if (fresh === old) faults.fresh = words.password.sameAsOld
  if (fresh && again !== fresh) faults.again = words.password.different
  return faults
}

export interface Rule {
  name: 'length' | 'classes' | 'name' | 'fresh'
  met: boolean
}

/** The service's password rules (access/rules.py), told while one types; the service decides. */
export function passwordRules(fresh: string, { username, old, least }: { username: string; old: string; least: number }): Rule[] {
  const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(fresh)).length
  return [
    { name: 'length', met: fresh.length >= least && fresh.length <= 128 },
    { name: 'classes', met: classes >= 3 },
    { name: 'name', met: fresh !== '' && !fresh.toLowerCase().includes(username.toLowerCase()) },
    { name: 'fresh', met: fresh !== '' && fresh !== old },
  ]
}

/** A headline for a refused sign-in; the service's sentence stands below it. */
export function refusalTitle({ status, code }: Problem): string {
  if (code === 'locked') return words.session.locked
  if (status === 429) return words.session.tooMany
  return words.session.failed
}
