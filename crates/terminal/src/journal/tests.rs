use super::*;
use proptest::prelude::*;
use std::fs;

fn done(script: &str, end: End, answers: &[&[u8]]) -> Done {
    let answers = answers.iter().map(|answer| HexBytes(answer.to_vec())).collect();
    Done { script: script.to_owned(), end, answers }
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    (folder, path)
}

#[test]
fn results_survive_until_they_are_acknowledged() {
    let (_folder, path) = place();
    let (one, two) = (done("L1", End::Completed, &[&[0x90, 0]]), done("L2", End::Unexpected, &[&[0x93, 2]]));
    let mut journal = Journal::open(&path).unwrap();
    for result in [&one, &two] {
        journal.begin(&result.script).unwrap();
        journal.end(result).unwrap();
    }
    journal.acknowledge("L1").unwrap();
    journal.acknowledge("L1").unwrap();
    journal.acknowledge("never heard of").unwrap();

    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.unacknowledged(), std::slice::from_ref(&two));
    assert_eq!(journal.result("L1"), Some(one), "an acknowledged script still has its one result");
    assert_eq!(journal.result("L2"), Some(two));
    assert_eq!(journal.result("L3"), None);
}

#[test]
fn what_was_cut_short_is_interrupted_with_the_answers_known() {
    let (_folder, path) = place();
    let mut journal = Journal::open(&path).unwrap();
    journal.begin("L1").unwrap();
    journal.answer("L1", &vec![0x12, 0x90, 0].into()).unwrap();
    journal.begin("L2").unwrap();

    let expected = [done("L1", End::Interrupted, &[&[0x12, 0x90, 0]]), done("L2", End::Interrupted, &[])];
    assert_eq!(Journal::open(&path).unwrap().unacknowledged(), expected);
    let lines = fs::read_to_string(&path).unwrap().lines().count();
    assert_eq!(Journal::open(&path).unwrap().unacknowledged(), expected, "told once and for all");
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), lines);
}

#[test]
fn a_torn_end_is_cut_off_at_every_byte() {
    let (_folder, path) = place();
    let mut journal = Journal::open(&path).unwrap();
    journal.begin("L1").unwrap();
    let begun = fs::read(&path).unwrap().len();
    journal.end(&done("L1", End::Completed, &[&[1, 2, 3, 4, 0x90, 0]])).unwrap();
    let whole = fs::read(&path).unwrap();
    for length in 0..=whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let mut journal = Journal::open(&path).unwrap();
        let end = journal.unacknowledged().first().map(|done| done.end);
        let expected = match length {
            _ if length < begun => None,
            _ if length < whole.len() => Some(End::Interrupted),
            _ => Some(End::Completed),
        };
        assert_eq!(end, expected, "cut at {length}");
        journal.begin("L2").unwrap();
        let ids: Vec<String> =
            Journal::open(&path).unwrap().unacknowledged().into_iter().map(|done| done.script).collect();
        assert_eq!(ids.last().map(String::as_str), Some("L2"), "writable after a cut at {length}");
    }
}

#[test]
fn damage_in_the_middle_names_the_line() {
    let (_folder, path) = place();
    let check = |text: &str, expected: &str| {
        fs::write(&path, text).unwrap();
        let error = Journal::open(&path).err().expect("must be refused").to_string();
        assert!(error.contains(expected), "{error}");
    };
    let begun = r#"{"begun":{"script":"L1"}}"#;
    check(&format!("{begun}\n{{\"beg\n{begun}\n"), "journal.jsonl, line 2: EOF");
    check(&format!("{begun}\n\0\0\0\n{begun}\n"), "line 2");
    check(
        r#"{"flown":{"script":"L1"}}
"#,
        "line 1: unknown variant `flown`",
    );
    check(
        r#"{"acknowledged":{"script":"L9"}}
"#,
        "line 1: script L9 was never begun",
    );
}

#[test]
fn it_stays_small_and_forgets_only_what_is_long_acknowledged() {
    let (_folder, path) = place();
    let mut journal = Journal::open(&path).unwrap();
    journal.begin("never acknowledged").unwrap();
    let kept = done("never acknowledged", End::Removed, &[]);
    journal.end(&kept).unwrap();
    for number in 0..1_000 {
        let id = format!("L{number}");
        journal.begin(&id).unwrap();
        journal.end(&done(&id, End::Completed, &[&[0x90, 0]])).unwrap();
        journal.acknowledge(&id).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap().lines().count() <= MAX_ENTRIES);
    let journal = Journal::open(&path).unwrap();
    assert_eq!(journal.unacknowledged(), [kept]);
    assert!(journal.result("L999").is_some(), "the latest are remembered");
    assert_eq!(journal.result("L0"), None, "the oldest are not");
}

#[test]
fn a_write_that_failed_half_way_is_overwritten() {
    let (_folder, path) = place();
    let mut journal = Journal::open(&path).unwrap();
    journal.begin("L1").unwrap();
    // As a full disk leaves it.
    let mut torn = fs::read(&path).unwrap();
    torn.extend(br#"{"ended":{"scr"#);
    fs::write(&path, torn).unwrap();
    journal.end(&done("L1", End::Completed, &[])).unwrap();
    assert_eq!(Journal::open(&path).unwrap().unacknowledged(), [done("L1", End::Completed, &[])]);
}

/// What happens to a script of a few.
#[derive(Clone, Debug)]
enum Event {
    Begin(usize),
    Answer(usize),
    End(usize),
    Acknowledge(usize),
    /// The program stops, with this many bytes of an unfinished entry at the journal's end, and starts again.
    Restart(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let script = || 0_usize..4;
    prop_oneof![
        script().prop_map(Event::Begin),
        script().prop_map(Event::Answer),
        script().prop_map(Event::End),
        script().prop_map(Event::Acknowledge),
        (0_usize..20).prop_map(Event::Restart),
    ]
}

proptest! {
    // Every entry is synced to the disk.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happens_each_script_keeps_its_one_result(events in prop::collection::vec(event(), 0..40)) {
        let (_folder, path) = place();
        let mut journal = Journal::open(&path).unwrap();
        // For each script: its answers so far, its result, whether that is acknowledged; in the order of beginning.
        let mut expected: Vec<(String, Vec<HexBytes>, Option<Done>, bool)> = Vec::new();
        for event in events {
            let running = |script: usize| {
                expected.iter().position(|(id, _, done, _)| *id == format!("L{script}") && done.is_none())
            };
            match event {
                Event::Begin(script) => {
                    let id = format!("L{script}");
                    // The runner asks for a result first.
                    if journal.result(&id).is_none() {
                        journal.begin(&id).unwrap();
                        expected.push((id, Vec::new(), None, false));
                    }
                }
                Event::Answer(script) => if let Some(at) = running(script) {
                    let answer = HexBytes(vec![0x90, 0]);
                    journal.answer(&expected[at].0, &answer).unwrap();
                    expected[at].1.push(answer);
                },
                Event::End(script) => if let Some(at) = running(script) {
                    let result = Done { script: expected[at].0.clone(), end: End::Completed, answers: expected[at].1.clone() };
                    journal.end(&result).unwrap();
                    expected[at].2 = Some(result);
                },
                Event::Acknowledge(script) => {
                    let id = format!("L{script}");
                    journal.acknowledge(&id).unwrap();
                    expected.iter_mut().filter(|(known, _, done, _)| *known == id && done.is_some()).for_each(|known| known.3 = true);
                }
                Event::Restart(torn) => {
                    let mut bytes = fs::read(&path).unwrap();
                    bytes.extend(&br#"{"begun":{"script":"L9"}}"#[..torn]);
                    fs::write(&path, bytes).unwrap();
                    journal = Journal::open(&path).unwrap();
                    for (id, answers, done, _) in &mut expected {
                        let cut_short = || Done { script: id.clone(), end: End::Interrupted, answers: answers.clone() };
                        done.get_or_insert_with(cut_short);
                    }
                }
            }
            let open: Vec<Done> = expected.iter().filter(|known| !known.3).filter_map(|known| known.2.clone()).collect();
            prop_assert_eq!(journal.unacknowledged(), open);
            for (id, _, done, _) in &expected {
                prop_assert!(done.is_none() || journal.result(id) == *done);
            }
        }
    }
}
