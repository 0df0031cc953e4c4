//! Every page in every state, with sample data: what holds for all, and what a few of them say.

use portal::{Lang, gallery};

#[test]
fn no_page_has_an_inline_style_or_script_or_anything_from_elsewhere() {
    for (name, page) in Lang::ALL.into_iter().flat_map(gallery::pages) {
        for inline in [" style=", "<style", " onclick=", " onload=", "javascript:", "src=\"http", "url(http"] {
            assert!(!page.contains(inline), "{name} has {inline}");
        }
        let bare = page.split("<script").skip(1).any(|rest| !rest.starts_with(" type=\"module\" src=\"/assets/"));
        assert!(!bare, "{name} has a script of its own");
        assert!(page.contains("<h1"), "{name} has a heading");
    }
}

#[test]
fn ids_are_unique_and_labels_have_their_fields() {
    for (name, page) in Lang::ALL.into_iter().flat_map(gallery::pages) {
        let values = |attribute: &str| -> Vec<String> {
            let begins = format!(" {attribute}=\"");
            let pieces = page.split(&begins).skip(1);
            pieces.filter_map(|rest| rest.split_once('"')).map(|(value, _)| value.to_owned()).collect()
        };
        let ids = values("id");
        let mut seen = ids.clone();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), ids.len(), "{name} has an id twice: {ids:?}");
        for named in ["for", "aria-labelledby"] {
            for id in values(named) {
                assert!(ids.contains(&id), "{name}: {named}={id} leads nowhere");
            }
        }
    }
}

/// The words of a page, a line each, without its markup.
fn words(page: &str) -> String {
    let (_, body) = page.split_once("<main").expect("a main part");
    let (body, _) = body.split_once("</main>").expect("a main part that ends");
    let mut lines = Vec::new();
    for piece in body.split('<').skip(1) {
        let (_, text) = piece.split_once('>').unwrap_or_default();
        if !text.trim().is_empty() {
            lines.push(text.trim().to_owned());
        }
    }
    lines.join("\n")
}

fn page(lang: Lang, name: &str) -> String {
    let found = gallery::pages(lang).into_iter().find(|(known, _)| known == name);
    words(&found.expect("the page is in the gallery").1)
}

#[test]
fn a_result_in_words() {
    insta::assert_snapshot!("load-succeeded-zh", page(Lang::Zh, "load-succeeded"));
    insta::assert_snapshot!("load-failed-zh", page(Lang::Zh, "load-failed"));
    insta::assert_snapshot!("load-past-zh", page(Lang::Zh, "load-past"));
    insta::assert_snapshot!("load-not-written-zh", page(Lang::Zh, "load-not-written"));
    insta::assert_snapshot!("load-unknown-zh", page(Lang::Zh, "load-unknown"));
    insta::assert_snapshot!("load-succeeded-en", page(Lang::En, "load-succeeded"));
    insta::assert_snapshot!("load-unknown-en", page(Lang::En, "load-unknown"));
}

#[test]
fn the_modules_of_the_manual_and_what_is_not_built() {
    insta::assert_snapshot!("modules-zh", page(Lang::Zh, "modules"));
    insta::assert_snapshot!("modules-en", page(Lang::En, "modules"));
}

#[test]
fn the_station_in_words() {
    insta::assert_snapshot!("station-ready-zh", page(Lang::Zh, "station-ready"));
    insta::assert_snapshot!("station-in-doubt-en", page(Lang::En, "station-in-doubt"));
}

#[test]
fn a_return_that_was_noted_already_is_not_called_a_second_one() {
    let (noted, twice) = (page(Lang::En, "office-exception-gone-noted"), page(Lang::En, "office-exception-gone-twice"));
    assert!(noted.contains("it was noted as given back") && noted.contains("note it here too"), "{noted}");
    assert!(!noted.contains("second time") && twice.contains("second time"), "{twice}");
    let (noted, twice) = (page(Lang::Zh, "office-exception-gone-noted"), page(Lang::Zh, "office-exception-gone-twice"));
    assert!(noted.contains("已登记为退回") && !noted.contains("第二次") && twice.contains("第二次"), "{noted} {twice}");
}
