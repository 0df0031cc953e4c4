//! Service, readers and card.

use super::super::seen::{CardSeen, ReadersSeen, Seen};
use super::{Finding, Subject};

/// Whether cards can be read at all.
pub(super) fn service(seen: &Seen) -> Finding {
    let subject = Subject::Service;
    match &seen.readers {
        ReadersSeen::There { .. } => subject.good("PC/SC 在运行", "PC/SC is running"),
        ReadersSeen::NotBuilt => subject
            .unchecked("这个程序没有带 PC/SC，只能用软件读卡器", "this program was built without PC/SC: software readers only")
            .todo("要用真读卡器，请换用带 PC/SC 的程序", "for real readers, use the program that was built with PC/SC"),
        ReadersSeen::NoService => away(&seen.here.system),
        ReadersSeen::Forbidden => subject
            .broken("PC/SC 在运行，但不让这个用户使用", "PC/SC is running but does not let this user in")
            .todo(
                "用运行终端程序的用户再检查一次；仍然不行时，请管理员允许这个用户使用读卡器（polkit 规则）",
                "run the doctor as the user that runs the terminal; if that does not help, have this user allowed to use readers (polkit)",
            ),
        ReadersSeen::Silent => subject
            .broken("PC/SC 没有及时回答", "PC/SC did not answer in time")
            .todo("拔下读卡器，等几秒再插上；仍然不行时重启电脑", "unplug the reader, plug it in again; if that does not help, restart the computer"),
    }
}

/// The service does not answer: what to do depends on the system.
fn away(system: &str) -> Finding {
    let subject = Subject::Service;
    if system == "windows" {
        return subject
            .broken("“智能卡”服务没有在运行", "the service \"Smart Card\" is not running")
            .todo(
                "先插上读卡器：没有读卡器时 Windows 不启动这项服务。仍然不行时，用管理员运行",
                "plug in the reader first: Windows does not start this service without one. If that does not help, run as administrator",
            )
            .command("sc start SCardSvr");
    }
    subject
        .broken("PC/SC 服务 pcscd 没有在运行", "the PC/SC service pcscd is not running")
        .todo(
            "安装并启动它（Debian、Ubuntu、统信、麒麟；其他系统的软件包叫 pcsc-lite 和 ccid）",
            "install and start it (Debian, Ubuntu; elsewhere the packages are pcsc-lite and ccid)",
        )
        .command("sudo apt install pcscd libccid && sudo systemctl enable --now pcscd.socket")
}

/// Which readers there are.
pub(super) fn readers(seen: &Seen) -> Finding {
    let subject = Subject::Readers;
    match &seen.readers {
        ReadersSeen::There { names } if names.is_empty() => {
            subject.broken("没有找到读卡器", "no reader was found").todo(
                "插好读卡器的 USB 线，换一个插口试试；指示灯不亮时换一台读卡器",
                "plug in the reader's USB cable, try another socket; if no light comes on, try another reader",
            )
        }
        ReadersSeen::There { names } => {
            let list = names.join("、");
            subject.good(format!("{} 台：{list}", names.len()), format!("{}: {}", names.len(), names.join(", ")))
        }
        ReadersSeen::NotBuilt | ReadersSeen::NoService | ReadersSeen::Forbidden | ReadersSeen::Silent => {
            subject.unchecked("要先有读卡器服务", "the reader service comes first")
        }
    }
}

/// The card.
pub(super) fn card(seen: &Seen) -> Finding {
    let subject = Subject::Card;
    match &seen.card {
        CardSeen::NoReaders => subject.unchecked("要先有读卡器", "a reader comes first"),
        CardSeen::LeftAlone => subject
            .unchecked("终端程序正在运行，卡由它读", "the terminal program runs and reads the cards itself")
            .todo("放一张卡，在网站的自检页上看结果", "put a card down and see the self-test page of the portal"),
        CardSeen::None => subject
            .unchecked("读卡器上没有卡", "no card lies on a reader")
            .todo("放上一张卡再检查一次，或等卡放上来", "put a card down and run this again, or let it wait for one")
            .command("jichong terminal doctor --wait-card 30"),
        CardSeen::Mute => subject.broken("卡片没有应答", "the card does not answer").todo(
            "把卡拿起来重新平放，芯片朝读卡器；换一张卡试试：都不行是读卡器的问题",
            "take it up and put it down again, the chip towards the reader; try another card: if none answers it is the reader",
        ),
        CardSeen::Lost { reader } => subject
            .broken(format!("{reader} 上的卡没有读完就断了"), format!("the card on {reader} was lost while it was read"))
            .todo("把卡放稳再检查一次；换一张卡试试", "lay it down steadily and try again; try another card"),
        CardSeen::Foreign { atr, .. } => subject
            .look(format!("读到一张卡，但不是本系统的卡（ATR {atr}）"), format!("a card, but none of this system (ATR {atr})"))
            .todo("读卡器能用。请换一张一卡通公司的卡再试", "the reader works; try a card of the card company"),
        CardSeen::Strange { why, atr, .. } => subject
            .broken(format!("卡里的数据读不懂：{why}（ATR {atr}）"), format!("the card's data makes no sense: {why} (ATR {atr})"))
            .todo("换一张卡试试；这张卡请交给一卡通公司检查", "try another card, and have this one looked at by the card company"),
        CardSeen::Ours { application, tail, atr, .. } => {
            let (zh, en) = match application.as_str() {
                "t-union" => ("交通联合卡", "a T-Union card"),
                _ => ("城市一卡通", "a city card"),
            };
            subject.good(format!("{zh}，尾号 {tail}（ATR {atr}）"), format!("{en} ending in {tail} (ATR {atr})"))
        }
    }
}
