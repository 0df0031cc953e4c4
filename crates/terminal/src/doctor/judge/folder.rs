//! The enrolment and the journal.

use super::super::seen::{DiskSeen, IdentitySeen, JournalSeen, Seen, StandingSeen};
use super::{Finding, Subject, Verdict};

/// Below this a disk is as good as full: a day of loads needs less than a megabyte, but other programs write too.
const LEAST_FREE: u64 = 100 * 1024 * 1024;

/// How to ask for a new enrolment.
const ENROL: &str = "jichong terminal enrol --server https://… --code …";

/// Who this terminal is.
pub(super) fn enrolment(seen: &Seen) -> Finding {
    let subject = Subject::Enrolment;
    let path = &seen.folder.path;
    match &seen.folder.identity {
        IdentitySeen::None => subject
            .broken(
                format!("没有登记（{path} 中没有终端密钥）"),
                format!("not enrolled (there is no terminal's key in {path})"),
            )
            .todo("向一卡通公司领取一次性登记码，然后运行", "get a one-time code from the card company, then run")
            .command(ENROL),
        IdentitySeen::Pending => subject
            .broken("登记没有完成：服务器还没有回答", "the enrolment is not finished: the server has not answered yet")
            .todo(
                "用同一个登记码再运行一次；超过 30 分钟请换新码",
                "run it again with the same code; after 30 minutes with a new one",
            )
            .command(ENROL),
        IdentitySeen::Forbidden => subject
            .broken(format!("这个用户不能读 {path}"), format!("this user may not read {path}"))
            .todo(
                "用运行终端程序的用户再检查一次，例如",
                "run the doctor as the user that runs the terminal, for example",
            )
            .command(format!("sudo -u jichong-terminal jichong terminal doctor --state {path}")),
        IdentitySeen::Damaged { why } => subject
            .broken(format!("终端密钥已损坏：{why}"), format!("the terminal's key is damaged: {why}"))
            .todo("向一卡通公司领取新的登记码，重新登记", "get a new code from the card company and enrol again")
            .command(ENROL),
        IdentitySeen::Enrolled { number, name, open_to: Some(mode) } => {
            let file = std::path::Path::new(path).join("terminal.json");
            subject
                .broken(
                    format!("{number}（{name}），但别的用户也能读它的密钥（权限 {mode}）"),
                    format!("{number} ({name}), but other users can read its key (permissions {mode})"),
                )
                .todo("只让自己能读", "keep it to its user")
                .command(format!("chmod 600 {}", file.display()))
        }
        IdentitySeen::Enrolled { number, name, open_to: None } => standing(seen, number, name),
    }
}

/// How an enrolled terminal stands with the server.
fn standing(seen: &Seen, number: &str, name: &str) -> Finding {
    let subject = Subject::Enrolment;
    let running = seen.folder.running;
    match seen.standing.as_ref().unwrap_or(&StandingSeen::NotAsked) {
        StandingSeen::NotAsked => subject.good(
            format!("{number}（{name}）；没有问服务器是否认得它"),
            format!("{number} ({name}); the server was not asked whether it knows it"),
        ),
        StandingSeen::Failed { why } => subject.look(
            format!("{number}（{name}）；服务器没有说是否认得它：{why}"),
            format!("{number} ({name}); the server did not say whether it knows it: {why}"),
        ),
        StandingSeen::Revoked => subject
            .broken(format!("{number}（{name}）已被一卡通公司停用"), format!("{number} ({name}) was taken out of use by the card company"))
            .todo("需要继续使用时，请联系一卡通公司换一个终端编号", "to go on, ask the card company for another terminal number"),
        StandingSeen::Unknown => subject
            .broken(
                format!("服务器不认得 {number}（{name}）的密钥"),
                format!("the server does not know the key of {number} ({name})"),
            )
            .todo(
                "可能在另一台电脑上重新登记过，或者登记在另一个服务器。向一卡通公司领取新的登记码，重新登记",
                "it may have been enrolled again on another computer, or with another server; get a new code and enrol again",
            )
            .command(ENROL),
        StandingSeen::Good { connected: false, .. } if running => subject
            .look(
                format!("{number}（{name}）；终端程序在运行，但没有连上服务器"),
                format!("{number} ({name}); the terminal program runs but is not connected"),
            )
            .todo("刚启动的话，等几秒再看。上面有问题就先解决，半分钟内会自动重连", "if it has just started, look again in a few seconds; else mend what is said above, and it connects by itself within half a minute"),
        StandingSeen::Good { connected: true, .. } if !running => subject
            .look(
                format!("{number}（{name}）已从别处连上服务器，而本机没有运行终端程序"),
                format!("{number} ({name}) is connected to the server, but not from this folder"),
            )
            .todo(
                "同一台电脑上的另一个文件夹还好；如果是另一台电脑，密钥被复制了：请告诉一卡通公司",
                "fine if it is another folder of this computer; if it is another computer, the key was copied: tell the card company",
            ),
        StandingSeen::Good { name, connected } => {
            let (zh, en) = match (connected, running) {
                (true, _) => ("已连上服务器", "connected"),
                (false, _) => ("服务器认得它；终端程序没有运行", "known to the server; the terminal program is not running"),
            };
            subject.good(format!("{number}（{name}），{zh}"), format!("{number} ({name}), {en}"))
        }
    }
}

/// What the terminal owes the server, and the disk.
pub(super) fn journal(seen: &Seen) -> Finding {
    let subject = Subject::Journal;
    let path = &seen.folder.path;
    match (&seen.folder.journal, &seen.folder.disk) {
        (_, DiskSeen::None) => subject.unchecked(format!("{path} 还不存在"), format!("{path} does not exist yet")),
        (JournalSeen::Forbidden, _) => {
            subject.unchecked(format!("这个用户不能读 {path}"), format!("this user may not read {path}"))
        }
        (JournalSeen::Damaged { why }, _) => subject
            .broken(format!("交易日志已损坏：{why}"), format!("the journal is damaged: {why}"))
            .todo(
                "里面可能有还没送到的充值结果：不要删除，把整个文件夹交给一卡通公司",
                "it may hold results of loads that were not delivered: do not delete it, give the whole folder to the card company",
            ),
        (_, DiskSeen::Unwritable { why }) => subject
            .broken(format!("不能写 {path}：{why}"), format!("{path} cannot be written: {why}"))
            .todo(
                "写不了日志就不能充值。腾出磁盘空间，或让运行终端程序的用户能写这个文件夹",
                "without it nothing is charged; make room, or let the user that runs the terminal write there",
            ),
        (JournalSeen::None | JournalSeen::Good { .. }, DiskSeen::Writable { free_bytes: Some(free) })
            if *free < LEAST_FREE =>
        {
            subject
                .broken(format!("磁盘快满了，只剩 {}", size(*free)), format!("the disk is nearly full: {} left", size(*free)))
                .todo("写不了日志就不能充值。请腾出磁盘空间", "without a journal nothing is charged; make room")
        }
        (JournalSeen::Good { owed }, DiskSeen::Writable { .. }) if !owed.is_empty() => owes(owed, seen.folder.running),
        (JournalSeen::None | JournalSeen::Good { .. }, DiskSeen::Writable { free_bytes }) => {
            let (zh, en) = free_bytes.map_or((String::new(), String::new()), |free| {
                (format!("，磁盘剩余 {}", size(free)), format!("; {} free on the disk", size(free)))
            });
            subject.found(
                Verdict::Good,
                super::both(format!("没有未送到的结果{zh}"), format!("no result waits to be delivered{en}")),
            )
        }
    }
}

fn owes(owed: &[String], running: bool) -> Finding {
    let count = owed.len();
    let first = owed.first().map_or("", String::as_str);
    let found = Subject::Journal.look(
        format!("{count} 笔充值的结果还没送到服务器，最早的是 {first}"),
        format!("results of loads still to be delivered: {count}, the oldest {first}"),
    );
    if running {
        found.todo(
            "连上服务器后会自动送出；不要删除文件夹",
            "they go out by themselves once it is connected; do not delete the folder",
        )
    } else {
        found.todo(
            "启动终端程序，会自动送出；不要删除文件夹",
            "start the terminal program and they go out by themselves; do not delete the folder",
        )
    }
}

/// `12.3 GB`, by thousands as disks are sold.
fn size(bytes: u64) -> String {
    let tenths_of_megabytes = bytes / 100_000;
    let (tenths, unit) =
        if tenths_of_megabytes < 10_000 { (tenths_of_megabytes, "MB") } else { (tenths_of_megabytes / 1_000, "GB") };
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}
