### Words of the portal in English. Terms: group, operator, quota, charge, terminal, reader, held, not settled, not charged.

## Everywhere
product = Jichong
title = { $page } · Jichong
skip = Skip to content
nav = Main
nav-load = Charge
nav-password = Change password
nav-guide = Instructions
sign-in = Sign in
sign-out = Sign out
language-switch = 中文
language-label = 切换到中文
footer = Jichong { $version }
soon = Coming soon
close = Close
back-home = Back to the home page
error-heading = There is a problem
request-id = Request { $id }

## Home
home-title = Charge your people's cards
home-lead = Your company pays in a quota; an operator puts a card on the reader and charges it in seconds. Every fen is on a card, in the quota or on hold, and the page always says which.
home-how = Three steps
home-step1 = Put the card down
home-step1-text = Lay the card flat on the reader. The page shows its number, its balance and how much it can still take.
home-step2 = Confirm the amount
home-step2-text = Pick an amount with a number key and confirm with Enter. Amounts are multiples of 10 yuan; the card's limit is kept.
home-step3 = Wait for the sound
home-step3-text = Take the card when you hear the done sound and see "You can take the card". It takes about a second.
home-states = Only three results
home-state-succeeded = The money is on the card, and the quota is less by as much.
home-state-failed = Card and quota are unchanged. Follow the hint and try again.
home-state-unknown = The card was interrupted while it was written, and it is not certain whether the money arrived. The amount is held: it is neither lost nor charged twice. Put the same card back on the reader of any terminal: the card itself proves what happened, and the system settles it within about a second. Only if the card cannot come back do two people of the card company decide together, within 3 working days. Do not make it up to this card another way before that.
home-terminal = Terminal program
home-terminal-text = Run the terminal program on the computer that the reader is plugged into. It only makes an encrypted connection to this site and needs no browser plug-in, driver or certificate. Browser and reader may be on different computers.
home-download = Download the terminal program (Linux)
home-enrol = The first time, get a one-time code from the card company and run on that computer:
home-enrol-code = CODE
home-enrol-then = Once is enough. From then on run:
home-soft = This version works with a software reader and test cards, tapped on the page whose address the terminal program prints. Support for USB readers is coming soon.
home-operators = For operators
home-rule-still = While "Do not move the card" is shown, leave the card alone until you hear the sound.
home-rule-doubt = At "Not settled", note the card number and put the same card back on the reader of any terminal, not another card; the system then settles it by itself.
home-rule-network = On a slow network there is no need to click again: one confirm of one card charges once.
home-rule-idle = You are signed out after a while without activity. You are warned before and can stay with one key; signing in again in place keeps the page as it is.

## Sign-in
sign-in-title = Sign in
sign-in-lead = With the operator account you got from the card company.
login = User name
password = Password
sign-in-wrong = Wrong user name or password
sign-in-wrong-hint = Check capital letters and the input method. If you forgot the password, ask your manager or the card company.
sign-in-too-many = Too many attempts. Try again in { $wait }.
sign-in-expired = Your session ended; please sign in again. What was not confirmed was not done, and nothing was charged.
sign-in-signed-out = You are signed out.
sign-in-empty-login = Enter your user name
sign-in-empty-password = Enter your password
wait-seconds = { $n } seconds
wait-minutes = { $n } minutes

## Modules
modules-title = Hello, { $name }
modules-quota = Available quota
modules-held = plus { $amount } on hold
module-load = Charge
module-load-text = Charge a card from the group's quota.
module-records = Charge records
module-records-text = Find the charges of a period and export them.
module-deposit = Pay in quota
module-deposit-text = Add to the group's quota by online banking.
module-deposits = Quota records
module-deposits-text = Find the payments of a period and export them.
module-password = Change password
module-password-text = Change your operator password.

## Password
password-title = Change password
password-lead = You will be signed out everywhere else.
password-original = Current password
password-new = New password
password-again = New password again
password-hint = At least { $min } characters, as long as you like, any characters including spaces.
password-submit = Change password
password-done = Your password is changed
password-done-text = Use the new one from now on. You are signed out everywhere else.
password-wrong = The current password is not right
password-short = The new password needs at least { $min } characters
password-common = This password is among the first that people guess; choose another
password-differs = The two new passwords differ
password-same = The new password must not be the current one
password-too-many = Too many attempts. Try again in { $wait }.

## Terminal choice
terminals-title = Choose a terminal
terminals-lead = Which reader stands beside this computer? Your choice is remembered.
terminals-none = No terminal yet
terminals-none-text = Your group has no terminal. Ask the card company for a terminal number and a one-time code, then start the terminal program as the instructions say.
terminals-none-next = See the instructions
terminal = Terminal
terminal-change = Change

## The strip
strip-ready = Reader ready
strip-ready-next = Put a card down
strip-card = Card read
strip-card-next = Enter the amount and confirm
strip-refused = This card cannot be charged
strip-refused-next = See the card for the reason
strip-quota = Group quota too low
strip-quota-next = Pay in first
strip-reading = Reading the card
strip-reading-next = Do not move it
strip-charging = Writing the card
strip-charging-next = Do not move it
strip-unreadable = Cannot read this card
strip-unreadable-next = Take it up and lay it flat again
strip-no-reader = No reader found
strip-no-reader-next = Plug in its USB cable
strip-offline = Terminal not connected
strip-offline-next = Start the terminal program on the reader's computer
strip-offline-help = How?
strip-lost = The connection to the server broke; reconnecting. What you see may be out of date.
quota-available = Available quota
quota-held = { $amount } on hold

## Station: the card
station-title = Charge
card-panel = Card
card-none = Put a card down
card-none-text = Lay it flat on the reader; its number and balance show here.
card-reading = Reading the card…
card-reading-text = Do not move it.
card-unreadable = Cannot read this card
card-unreadable-text = Take it up and lay it flat in the middle of the reader. If that does not help, it is damaged or not a card of this company.
card-offline = Terminal not connected
card-offline-text = The computer at the reader is not connected to the server. Start the terminal program; this page recovers by itself.
card-no-reader = No reader found
card-no-reader-text = The terminal is connected but has no reader. Plug in its USB cable; this page recovers by itself.
card-class-unknown = Unknown kind of card
card-balance = Balance
card-after = After
card-expires = Valid until
card-most = Can still take
card-ceiling = Limit
card-gauge = Balance { $balance }, limit { $ceiling }
card-refused = This card cannot be charged
problem-foreign = Not a card of this company, or not recognised.
problem-not-enabled = The card is not enabled yet. Have it enabled at a service point of the card company first.
problem-expired = The card expired on { $day }. Have it replaced at a service point of the card company.
problem-not-yet-valid = The card is valid from { $day }.
problem-blocked = The card company has blocked this card. Its holder should contact the card company.
problem-unknown-class = Cards of this kind ({ $code }) are not set up for charging. Contact the card company.
problem-in-doubt = An earlier charge of { $amount } is not settled yet. Until it is, the card cannot be charged, so that nothing is paid twice. Take the card up and lay it down again; the system then settles it by itself.
problem-in-doubt-order = Order { $order }
problem-in-doubt-elsewhere = Another charge of this card is not settled yet. Until it is, the card cannot be charged, so that nothing is paid twice. Take the card up and lay it down again; the system then settles it by itself.
proven-written = The last charge is settled: done
proven-written-text = The last charge of { $amount } is on this card. Nothing is paid twice.
proven-not-written = The last charge is settled: not charged
proven-not-written-text = The last charge of { $amount } was not written to the card; the quota has it back. You can charge it again now.
problem-full = The balance is too close to the limit of { $ceiling } to charge more.
still = Do not move the card
still-text = Writing { $amount } to the card

## Station: the amount
amount-title = Amount
amount-label = Amount in yuan
presets = Usual amounts
amount-rule = Multiples of { $step } yuan, at least { $least }, up to { $ceiling } on the card
why-step = The amount must be a multiple of { $step } yuan.
why-small = The amount must be at least { $least } yuan.
why-ceiling = That would pass the card's limit of { $ceiling }; it can still take { $most }.
why-quota = The group's quota is only { $quota }.
why-ceiling-short = over limit
why-quota-short = over quota
go = Charge
go-wait = Waiting for a card
go-no = Cannot be charged
sound = Done sound
keys = Keys
repeat = Repeat the last
ask-title = Confirm
ask-to = To card
ask-after = Balance after
ask-yes = Charge
ask-no = Cancel
ask-hint = The amount is taken from the group's quota.
charging-title = Charging
charging-text = Wait for the sound. Do not move the card.
charging-slow = The network is slow; asking the server for the result. You are not charged twice. Do not move the card.
charging-look = See the result
unsent = The server was not reached
unsent-text = It did not get this confirm, and nothing was charged. Please try again.
next = Next card
refresh-hint = This page does not update by itself.
refresh = Refresh

## Why a confirm was not taken on
confirm-not-connected = The terminal is not connected; nothing was charged. Check the computer at the reader, then try again.
confirm-busy = The terminal is charging another card; nothing was charged. Try again in a moment.
confirm-stale = The card or its balance changed; nothing was charged. Look at the card that is there now and confirm again.
confirm-no-terminal = There is no such terminal; nothing was charged. Choose a terminal again.
confirm-amount = Enter an amount.
confirm-no-card = No card that can be charged lies on the reader; nothing was charged.

## A load
state-succeeded = Done
state-failed = Not charged
state-unknown = Not settled
state-authorised = Charging
load-title = Result
load-order = Order number
load-card = Card number
load-balance-before = Balance before
load-amount = Amount
load-balance-after = Balance now
load-quota-before = Group quota before
load-quota-after = Group quota after
load-time = Time
load-operator = Operator
load-terminal = Terminal number
load-group = Group
load-state = Result
load-reason = Reason
succeeded-title = Charged
succeeded-next = You can take the card.
failed-title = Not charged
failed-text = The card and the group's quota are unchanged.
unknown-title = Not settled
unknown-held = { $amount } is on hold. It is neither lost nor charged twice.
unknown-card = Put the same card back
unknown-next = Put the card ending in { $tail } back on the reader; the system then settles it by itself. Do not use another card, and do not make it up another way.
put-back = Put the card ending in { $tail } back
put-back-text = Lay it flat on the reader; the system then settles it by itself.
unknown-who = If the card cannot come back
unknown-who-text = two people of the card company decide together
unknown-when = At the latest
unknown-when-text = within 3 working days
authorised-title = Charging
authorised-text = The result comes in a moment; this page updates by itself. Do not move the card.
load-again = Charge another

## Reasons
reason-quota-short = The group's quota is not enough. Choose a smaller amount or pay in first.
reason-amount-rule = The amount does not fit the rules. Enter a multiple of 10 yuan.
reason-over-ceiling = That would pass the card's limit. Choose a smaller amount.
reason-card-problem = This card cannot be charged: not enabled, expired, blocked, or an earlier charge is not settled.
reason-card-changed = The card or its balance changed after you confirmed. Look at the card that is there now and confirm again.
reason-card-removed = The card was taken away before anything was written. Put it back and try again.
reason-card-refused = The card refused. Put it down again and retry; if it still refuses, its holder should have it checked.
reason-not-genuine = The card did not prove genuine. Do not try again; contact the card company.
reason-no-key = The system has no key for this kind of card. Contact the card company.
reason-terminal-gone = The terminal went away before anything was written. Wait until it is back.
reason-timed-out = The card or the terminal did not answer in time. Put the card down again and retry.
reason-interrupted = The server was interrupted before anything was written. Please try again.
reason-storage = The books cannot be written at the moment. Please try again later.
reason-not-written = The card was taken away while it was written. It has proven that nothing was written, and the quota has the money back.
reason-removed-while-writing = The card was taken away while it was written.
reason-refused-while-writing = The card answered with an error while it was written.
reason-silent-while-writing = The card did not answer while it was written.
reason-link-lost-while-writing = The connection to the terminal broke while the card was written.
reason-interrupted-while-writing = The system was interrupted while the card was written.
reason-tac-unverified = The keys could not be used to verify the card's transaction code; the system will verify it again.
reason-tac-wrong = The card's transaction code did not verify.
short-quota-short = quota short
short-amount-rule = amount
short-over-ceiling = over the limit
short-card-problem = card not usable
short-card-changed = card changed
short-card-removed = card taken away
short-card-refused = card refused
short-not-genuine = not genuine
short-no-key = no key
short-terminal-gone = terminal gone
short-timed-out = timed out
short-interrupted = interrupted
short-storage = books unavailable
short-not-written = the card proved it was not written
short-doubt = put the card back

## The list
list-title = This sitting
list-count = { $n }
list-empty = No charges yet
list-empty-text = Put a card down to begin.
list-time = Time
list-card = Card
list-before = Before
list-amount = Amount
list-after = After
list-result = Result
list-more = The last { $n } are shown; the totals count all.

## Keys
keys-title = Keys
keys-presets = Choose a usual amount
keys-digits = Type an amount
keys-enter = Charge, once more to confirm
keys-esc = Cancel or clear
keys-f2 = Repeat the last amount
keys-help = Show this list
keys-digits-key = 0–9

## The session
idle-title = Still there?
idle-text = You have not been active for a while and will be signed out in:
idle-stay = Stay signed in
again-title = Please sign in again
again-text = Your session ended. Sign in here and everything on the page stays.
again-under-way = A charge under way goes on.
again-refused = What you just confirmed was not carried out; nothing was charged.
again-submit = Sign in and go on
again-other = Use another account

## The office
office = Office
office-title = { $page } · Jichong office
office-home = Home
office-sign-in-title = Sign in to the office
office-sign-in-wrong-hint = Check capital letters and the input method. Accounts of the office are not those of the groups' operators. If you forgot the password, ask the system administrator.
office-forbidden-text = Your role is "{ $role }", which cannot use this function. Ask the system administrator if you need it.
office-waiting = Waiting for you
office-nothing = Nothing is waiting
office-nothing-text = What needs you appears here.
waiting-clones = Terminals whose key is in two places
waiting-clones-next = Someone may have copied the folder of a terminal program. Look at it soon.
role-teller = Teller
role-finance = Finance
role-admin = Administrator
role-auditor = Auditor

## Errors
error-not-found = There is no such page
error-not-found-text = The address may be wrong, or the record is not one of your group.
error-forbidden = You may not do this
error-forbidden-text = Your account cannot use this function. Ask your manager if you need it.
error-cross-site = The request was refused
error-cross-site-text = It did not come from a page of this site. It was not done, and nothing was charged. Start again from the home page.
error-too-large = That is too long
error-too-large-text = At most { $kib } KiB can be sent at once. It was not done, and nothing was charged.
error-too-many = Too many attempts
error-too-many-text = Try again in { $wait }.
error-method = This page cannot be asked that way
error-method-text = Start again from the home page.
error-form = That was not understood
error-form-text = It was not done, and nothing was charged. Go back to the page and fill it in again.
error-trouble = Not done
error-trouble-text = The system has a problem at the moment; nothing was charged. Try again later, and if it persists tell the card company the request number.
error-trouble-look-text = The system has a problem at the moment, and this page could not be shown. Try again later, and if it persists tell the card company the request number.
error-charge-open = The outcome is not known yet
error-charge-open-text = The system has a problem at the moment, and it is not known yet whether this charge was made. Do not charge again: go back to the station and look at the list first. If it stays unclear, tell the card company the request number.
error-session = Please sign in
error-session-text = Your session ended. Sign in to go on.
error-unheard = This confirm never arrived
error-unheard-text = The server never got this confirm, and nothing was charged. Go back to the station and try again.
