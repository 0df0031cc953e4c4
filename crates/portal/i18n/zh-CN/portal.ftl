### Words of the portal. Terms: 集团, 操作员, 额度, 充值, 终端, 读卡器, 冻结, 待核实, 未扣款.

## Everywhere
product = 集充
title = { $page } · 集充
skip = 跳到正文
nav = 主导航
nav-load = 充值
nav-password = 修改密码
nav-guide = 使用说明
sign-in = 登录
sign-out = 退出
language-switch = English
language-label = Switch to English
footer = 集充 { $version }
soon = 即将推出
close = 关闭
back-home = 回到首页
error-heading = 有问题
request-id = 请求编号 { $id }

## Home
home-title = 集团卡片充值
home-lead = 单位先存入额度，操作员把卡放到读卡器上，几秒完成充值。每一分钱在卡上、在额度里，还是在冻结中，页面随时说得清楚。
home-how = 三步完成
home-step1 = 放卡
home-step1-text = 把卡平放在读卡器上，页面立即显示卡号、余额和最多还可充多少。
home-step2 = 确认金额
home-step2-text = 按数字键选金额，按回车确认。金额为 10 元的整数倍，充值后卡内不超过上限。
home-step3 = 等提示音
home-step3-text = 听到成功音、看到“可以取走卡片”后再取卡。全程约一秒。
home-states = 结果只有三种
home-state-succeeded = 钱已写入卡中，额度相应减少。
home-state-failed = 卡和额度都没有变化，按提示重试即可。
home-state-unknown = 写卡途中断开，暂时无法断定是否写入。这笔金额先冻结，既不会丢，也不会重复扣。把原卡放回任何一台终端的读卡器，系统凭卡片自己的证明自动核实，约一秒完成；卡片无法取回时，才由一卡通公司两名工作人员共同核实，最迟 3 个工作日。核实前不要用其他方式给这张卡补钱。
home-terminal = 终端程序
home-terminal-text = 在连接读卡器的电脑上运行终端程序。它只向本站发起加密连接，不需要浏览器控件、驱动或证书；浏览器和读卡器可以不在同一台电脑上。
home-download = 下载终端程序（Linux）
home-enrol = 首次使用，向一卡通公司领取一次性登记码，在那台电脑上运行：
home-enrol-code = 登记码
home-enrol-then = 登记一次即可。以后直接运行：
home-soft = 当前版本使用软件读卡器和测试卡，在终端程序打印的网页上放卡、取卡；USB 读卡器的支持即将推出。
home-operators = 给操作员
home-rule-still = 出现“请勿移动卡片”时不要碰卡，直到提示音响起。
home-rule-doubt = 出现“待核实”时，记下卡号，把原卡放回任何一台终端的读卡器，系统会自动核实；不要换卡。
home-rule-network = 网络慢时不必重复点击：同一次放卡、同一笔确认，只会充值一次。
home-rule-idle = 一段时间不操作会自动退出。退出前会提醒，按一个键即可继续；退出后就地登录，页面内容不会丢。

## Sign-in
sign-in-title = 登录
sign-in-lead = 用一卡通公司发给您的操作员账号登录。
login = 用户名
password = 密码
sign-in-wrong = 用户名或密码错误
sign-in-wrong-hint = 请检查大小写和输入法。忘记密码时，请联系贵单位的管理员或一卡通公司。
sign-in-too-many = 尝试次数过多，请在 { $wait } 后再试。
sign-in-expired = 登录已过期，请重新登录。未确认的操作没有执行，没有扣款。
sign-in-signed-out = 您已退出。
sign-in-empty-login = 请输入用户名
sign-in-empty-password = 请输入密码
wait-seconds = { $n } 秒
wait-minutes = { $n } 分钟

## Modules
modules-title = 您好，{ $name }
modules-quota = 可用额度
modules-held = 另冻结 { $amount }
module-load = 充值
module-load-text = 扣除集团额度，对卡片进行充值。
module-records = 充值查询
module-records-text = 按时间段查询卡片充值记录并导出。
module-deposit = 额度充值
module-deposit-text = 使用网上银行转账，充值集团额度。
module-deposits = 额度充值查询
module-deposits-text = 按时间段查询额度充值记录并导出。
module-password = 修改密码
module-password-text = 用原密码和新密码修改操作员密码。

## Password
password-title = 修改密码
password-lead = 修改后，您在其他地方的登录会一并退出。
password-original = 原密码
password-new = 新密码
password-again = 确认新密码
password-hint = 至少 { $min } 个字符，长度不限，可以用任何字符，包括空格和汉字。
password-submit = 修改密码
password-done = 密码已修改
password-done-text = 下次登录请使用新密码。您在其他地方的登录已退出。
password-wrong = 原密码不正确
password-short = 新密码至少要有 { $min } 个字符
password-common = 这个密码太常见，容易被猜到，请换一个
password-differs = 两次输入的新密码不一致
password-same = 新密码不能与原密码相同
password-too-many = 尝试次数过多，请在 { $wait } 后再试。

## Terminal choice
terminals-title = 选择终端
terminals-lead = 这台电脑旁边是哪个读卡器？选好后会记住。
terminals-none = 还没有终端
terminals-none-text = 贵单位还没有可用的终端。请向一卡通公司申请终端编号和一次性登记码，然后按使用说明启动终端程序。
terminals-none-next = 查看使用说明
terminal = 终端
terminal-change = 更换

## The strip
strip-ready = 读卡器就绪
strip-ready-next = 请放卡
strip-card = 读到卡片
strip-card-next = 输入金额并确认
strip-refused = 这张卡不能充值
strip-refused-next = 原因见卡片区
strip-quota = 集团额度不足
strip-quota-next = 请充值额度后再试
strip-reading = 正在读卡
strip-reading-next = 请勿移动卡片
strip-charging = 正在写卡
strip-charging-next = 请勿移动卡片
strip-unreadable = 读不出这张卡
strip-unreadable-next = 拿起来，重新平放
strip-no-reader = 没有找到读卡器
strip-no-reader-next = 请插好读卡器的 USB 线
strip-offline = 终端未连接
strip-offline-next = 请在读卡器旁的电脑上启动终端程序
strip-offline-help = 怎么启动
strip-lost = 与服务器的连接断开，正在重连。页面显示的可能不是最新情况。
quota-available = 可用额度
quota-held = 另冻结 { $amount }

## Station: the card
station-title = 充值
card-panel = 卡片
card-none = 请放卡
card-none-text = 把卡片平放在读卡器上，这里会显示卡号和余额。
card-reading = 正在读卡…
card-reading-text = 请勿移动卡片。
card-unreadable = 读不出这张卡
card-unreadable-text = 请拿起卡片，重新平放在读卡器中央。仍然读不出时，它可能不是本公司的卡，或已损坏。
card-offline = 终端未连接
card-offline-text = 读卡器旁的电脑没有连上服务器。启动终端程序后，这里会自动恢复，不用刷新页面。
card-no-reader = 没有找到读卡器
card-no-reader-text = 终端已连接，但电脑上没有读卡器。插好 USB 线后，这里会自动恢复。
card-class-unknown = 未知卡种
card-balance = 卡内余额
card-after = 充值后
card-expires = 有效期至
card-most = 最多还可充
card-ceiling = 卡内上限
card-gauge = 卡内余额 { $balance }，上限 { $ceiling }
card-refused = 这张卡不能充值
problem-foreign = 不是本公司的卡，或卡片无法识别。
problem-not-enabled = 卡片尚未启用。请到一卡通公司网点启用后再充值。
problem-expired = 卡片已于 { $day } 到期。请到一卡通公司网点换卡。
problem-not-yet-valid = 卡片从 { $day } 起才能使用。
problem-blocked = 卡片已被一卡通公司停用。请让持卡人联系一卡通公司。
problem-unknown-class = 这种卡（类型 { $code }）没有开通充值。请联系一卡通公司。
problem-in-doubt = 上一笔充值 { $amount } 还在核实中，核实完成前不能再充值，以免重复扣款。请把卡拿起再放回读卡器，系统会自动核实。
problem-in-doubt-order = 订单 { $order }
problem-in-doubt-elsewhere = 这张卡还有一笔充值在核实中，核实完成前不能再充值，以免重复扣款。请把卡拿起再放回读卡器，系统会自动核实。
proven-written = 上次充值已核实：成功
proven-written-text = 上次充值 { $amount } 已写入这张卡，不会重复扣款。
proven-not-written = 上次充值已核实：未扣款
proven-not-written-text = 上次充值 { $amount } 未写入卡，额度已退回。现在可以重新充值。
problem-full = 卡内余额已接近上限 { $ceiling }，不能再充值。
still = 请勿移动卡片
still-text = 正在向卡片写入 { $amount }

## Station: the amount
amount-title = 充值金额
amount-label = 充值金额（元）
presets = 常用金额
amount-rule = { $step } 元的整数倍，最少 { $least } 元，充值后不超过 { $ceiling } 元
why-step = 金额要是 { $step } 元的整数倍。
why-small = 金额最少 { $least } 元。
why-ceiling = 充值后会超过卡内上限 { $ceiling }，最多还可充 { $most }。
why-quota = 集团可用额度只有 { $quota }。
why-ceiling-short = 超上限
why-quota-short = 额度不足
go = 充值
go-wait = 等待放卡
go-no = 不能充值
sound = 成功提示音
keys = 快捷键
repeat = 重复上一笔
ask-title = 确认充值
ask-to = 向卡片
ask-after = 充值后余额
ask-yes = 确定
ask-no = 取消
ask-hint = 确定后从集团额度中扣除。
charging-title = 正在充值
charging-text = 请等提示音，不要移动卡片。
charging-slow = 网络较慢，正在向服务器查询这笔充值的结果。不会重复扣款，请不要移动卡片。
charging-look = 查看结果
unsent = 没有连上服务器
unsent-text = 服务器没有收到这笔确认，没有扣款。请再试一次。
next = 下一张
refresh-hint = 页面不会自动更新。
refresh = 刷新

## Why a confirm was not taken on
confirm-not-connected = 终端没有连接，没有扣款。请检查读卡器旁的电脑，然后再试。
confirm-busy = 终端正在给另一张卡充值，没有扣款。请稍等片刻再试。
confirm-stale = 卡片或余额已有变化，没有扣款。请看清当前卡片后再确认。
confirm-no-terminal = 找不到这个终端，没有扣款。请重新选择终端。
confirm-amount = 请输入充值金额。
confirm-no-card = 读卡器上没有可以充值的卡，没有扣款。

## A load
state-succeeded = 成功
state-failed = 未扣款
state-unknown = 待核实
state-authorised = 充值中
load-title = 充值结果
load-order = 订单编号
load-card = 卡号
load-balance-before = 充值前余额
load-amount = 充值金额
load-balance-after = 现余额
load-quota-before = 充值前集团额度
load-quota-after = 充值后集团额度
load-time = 时间
load-operator = 操作员
load-terminal = 终端编号
load-group = 集团
load-state = 结果
load-reason = 原因
succeeded-title = 充值成功
succeeded-next = 可以取走卡片。
failed-title = 未扣款
failed-text = 卡片和集团额度都没有变化。
unknown-title = 待核实
unknown-held = 已冻结 { $amount }，不会丢失，也不会重复扣款。
unknown-card = 请放回原卡
unknown-next = 请把尾号 { $tail } 的卡放回读卡器，系统会自动核实。不要换卡，也不要用其他方式补充值。
put-back = 请放回尾号 { $tail } 的原卡
put-back-text = 把它平放在读卡器上，系统会自动核实。
unknown-who = 卡片无法取回时
unknown-who-text = 由一卡通公司两名工作人员共同核实
unknown-when = 最迟
unknown-when-text = 3 个工作日
authorised-title = 充值进行中
authorised-text = 结果马上出来，页面会自动更新。请不要移动卡片。
load-again = 继续充值

## Reasons
reason-quota-short = 集团可用额度不足。请减小金额，或先充值额度。
reason-amount-rule = 金额不符合规则。请输入 10 元的整数倍。
reason-over-ceiling = 充值后会超过卡内上限。请减小金额。
reason-card-problem = 这张卡不能充值：未启用、已过期、已停用，或上一笔还在核实中。
reason-card-changed = 确认之后卡片换了或余额变了。请看清当前卡片后再确认。
reason-card-removed = 卡片在写入前被拿开。请重新放好再试。
reason-card-refused = 卡片拒绝了充值。请重新放好再试；仍然如此时，请让持卡人到一卡通公司检查卡片。
reason-not-genuine = 卡片没有通过真伪验证。请不要再试，并联系一卡通公司。
reason-no-key = 系统没有这种卡的密钥。请联系一卡通公司。
reason-terminal-gone = 终端在写入前断开。请等终端恢复后再试。
reason-timed-out = 卡片或终端没有及时回应。请重新放好再试。
reason-interrupted = 服务器在写入前中断。请再试一次。
reason-storage = 系统暂时无法记账。请稍后再试。
reason-not-written = 写卡途中卡片被拿开；卡片已证明没有写入，额度已退回。
reason-removed-while-writing = 写卡途中卡片被拿开。
reason-refused-while-writing = 写卡途中卡片返回了错误。
reason-silent-while-writing = 写卡途中没有收到卡片的回应。
reason-link-lost-while-writing = 写卡途中与终端的连接断开。
reason-interrupted-while-writing = 写卡途中系统中断。
reason-tac-unverified = 密钥暂时不可用，无法验证卡片的交易码；系统会再次验证。
reason-tac-wrong = 卡片的交易认证码没有通过验证。
short-quota-short = 额度不足
short-amount-rule = 金额不符
short-over-ceiling = 超过卡内上限
short-card-problem = 卡片不能充值
short-card-changed = 卡片有变化
short-card-removed = 卡片被拿开
short-card-refused = 卡片拒绝
short-not-genuine = 未通过真伪验证
short-no-key = 缺少密钥
short-terminal-gone = 终端断开
short-timed-out = 回应超时
short-interrupted = 服务器中断
short-storage = 暂时无法记账
short-not-written = 卡已证明未写入
short-doubt = 请放回原卡

## The list
list-title = 本次记录
list-count = { $n } 笔
list-empty = 还没有充值记录
list-empty-text = 放上一张卡，开始第一笔。
list-time = 时间
list-card = 卡号
list-before = 充值前
list-amount = 金额
list-after = 充值后
list-result = 结果
list-more = 这里显示最近 { $n } 笔，合计包含全部。

## Keys
keys-title = 快捷键
keys-presets = 选择常用金额
keys-digits = 直接输入金额
keys-enter = 充值，再按一次确定
keys-esc = 取消或清除
keys-f2 = 重复上一笔金额
keys-help = 显示这张表
keys-digits-key = 数字

## The session
idle-title = 还在吗？
idle-text = 长时间没有操作，即将自动退出：
idle-stay = 继续使用
again-title = 请重新登录
again-text = 登录已过期。在这里登录，页面上的内容都会保留。
again-under-way = 正在进行的充值不受影响。
again-refused = 刚才的确认没有执行，没有扣款。
again-submit = 登录并继续
again-other = 换一个账号

## The office
office = 后台
office-title = { $page } · 集充后台
office-home = 首页
office-sign-in-title = 登录后台
office-sign-in-wrong-hint = 请检查大小写和输入法。后台账号与集团操作员账号不通用；忘记密码时，请联系系统管理员。
office-forbidden-text = 您的角色是“{ $role }”，不能使用这个功能。需要时请联系系统管理员。
office-waiting = 等待处理
office-nothing = 没有等待处理的事
office-nothing-text = 需要您处理的事会出现在这里。
waiting-clones = 终端密钥出现在两处
waiting-clones-next = 可能有人复制了终端程序的文件夹，请尽快处理。
role-teller = 柜员
role-finance = 财务
role-admin = 系统管理员
role-auditor = 审计员

## Errors
error-not-found = 没有这个页面
error-not-found-text = 地址可能有误，或者您要找的记录不属于贵单位。
error-forbidden = 您没有这项权限
error-forbidden-text = 您的账号不能使用这个功能。需要时请联系贵单位的管理员。
error-cross-site = 请求被拒绝
error-cross-site-text = 这个请求不是从本站页面发出的，没有执行，没有扣款。请从首页重新进入。
error-too-large = 提交的内容太长
error-too-large-text = 一次最多可提交 { $kib } KiB。这次提交没有执行，没有扣款。
error-too-many = 操作太频繁
error-too-many-text = 请在 { $wait } 后再试。
error-method = 不支持这样访问
error-method-text = 请从首页重新进入。
error-form = 提交的内容无法识别
error-form-text = 这次提交没有执行，没有扣款。请回到页面重新填写。
error-trouble = 没有完成
error-trouble-text = 系统暂时遇到问题，没有扣款。请稍后再试；如果仍然不行，请把请求编号告诉一卡通公司。
error-trouble-look-text = 系统暂时遇到问题，这个页面没有显示出来。请稍后再试；如果仍然不行，请把请求编号告诉一卡通公司。
error-charge-open = 这笔充值的结果还不清楚
error-charge-open-text = 系统暂时遇到问题，还不能断定这笔充值是否已经执行。请先不要重复充值，回到充值页面，在列表中查看结果；如果仍然不清楚，请把请求编号告诉一卡通公司。
error-session = 请先登录
error-session-text = 登录已过期。登录后可以继续。
error-unheard = 没有收到这笔确认
error-unheard-text = 服务器没有收到过这笔确认，没有扣款。请回到充值页面再试。
