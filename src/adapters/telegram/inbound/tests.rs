//! Every odd update, understood or passed over.

use serde_json::{Value, json};

use super::*;
use crate::adapters::telegram::update;
use crate::domain::id::{TaskNumber, TaskRef};
use crate::domain::prompt::InvalidPrompt;

fn heard(update: &Value) -> Option<Heard> {
    let me = Identity { id: 99, username: "LegworkBot".into() };
    let arrived = update::read(update).unwrap();
    hear(&arrived.update?, arrived.files, &me)
}

fn asked(update: &Value) -> Option<Asked> {
    match heard(update)? {
        Heard::Asked(asked) => Some(*asked),
        Heard::StrayPress(query) => panic!("stray press {query}"),
        Heard::Moved { from, to } => panic!("{from} moved to {to}"),
    }
}

/// A text message of person 7 in a chat of this kind, with these fields added or replaced.
fn message(kind: &str, text: &str, more: &Value) -> Value {
    let id = if kind == "private" { 7 } else { -1005 };
    let mut message = json!({
        "message_id": 31, "date": 1_700_000_000, "text": text,
        "chat": {"id": id, "type": kind, "title": "Group", "first_name": "Ada"},
        "from": {"id": 7, "is_bot": false, "first_name": "Ada", "language_code": "en"},
    });
    for (field, value) in more.as_object().unwrap() {
        message[field] = value.clone();
    }
    json!({"update_id": 501, "message": message})
}

fn press(message: &Value) -> Value {
    json!({"update_id": 502, "callback_query": {
        "id": "4382", "chat_instance": "-1", "data": "cancel:42", "message": message,
        "from": {"id": 7, "is_bot": false, "first_name": "Ada"},
    }})
}

fn command(asked: Asked) -> Result<Command, ParseError> {
    match asked.inbound.request {
        Request::Command(command) => command,
        Request::Press(_) | Request::Joined => panic!("no command"),
    }
}

#[test]
fn a_private_command_carries_who_where_and_what() {
    let asked = asked(&message("private", "/submit one\n  two", &json!({}))).unwrap();
    assert_eq!(asked.inbound.id.as_str(), "telegram:message:99:7:31");
    assert_eq!(asked.inbound.channel.to_string(), "telegram:7");
    assert_eq!(asked.inbound.session, "telegram:7");
    assert_eq!(asked.inbound.person.to_string(), "telegram:7");
    assert_eq!(asked.inbound.reply.0, "m31");
    assert_eq!(asked.key, "u501");
    assert!(asked.inbound.direct && asked.inbound.channel_admin, "a private chat is the person's own");
    assert!(asked.member.is_none() && asked.query.is_none());
    let Ok(Command::Submit(submit)) = command(asked) else { panic!() };
    assert_eq!(submit.prompt.as_str(), "one\n  two");
}

#[test]
fn in_private_every_message_gets_an_answer() {
    let check = |text: &str, more| {
        let asked = asked(&message("private", text, &more)).expect(text);
        matches!(command(asked), Err(ParseError::UnknownCommand { .. }))
    };
    assert!(check("hello there", json!({})));
    assert!(check("/weather", json!({})));
    assert!(check("/status@otherbot", json!({})));
    let mut spoken = message("private", "", &json!({"voice": {"file_id": "x", "file_unique_id": "y", "duration": 1}}));
    spoken["message"].as_object_mut().unwrap().remove("text");
    assert!(asked(&spoken).is_some());
    assert!(!check("/STATUS@legworkbot", json!({})));
    assert!(asked(&message("private", "/start", &json!({}))).is_some_and(|asked| command(asked) == Ok(Command::Help)));
}

#[test]
fn in_groups_it_speaks_only_when_spoken_to() {
    for text in ["/status", "/status@LegworkBot", "/STATUS@legworkbot 4", "/nonsense@LegworkBot"] {
        assert!(asked(&message("supergroup", text, &json!({}))).is_some(), "{text}");
    }
    for text in ["hello", "@LegworkBot hello", "/weather", "/status@OtherBot", "/", "see /status", "//status"] {
        assert!(asked(&message("supergroup", text, &json!({}))).is_none(), "{text}");
        assert!(asked(&message("group", text, &json!({}))).is_none(), "{text}");
    }
}

fn photo(caption: &str) -> Value {
    json!({"caption": caption, "photo": [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1, "file_size": 1}]})
}

#[test]
fn a_caption_is_as_good_as_a_text_but_a_file_is_not_read() {
    let captioned = |caption: &str| {
        let mut update = message("supergroup", "", &photo(caption));
        update["message"].as_object_mut().unwrap().remove("text");
        command(asked(&update).unwrap())
    };
    assert_eq!(captioned("/status 7"), Ok(Command::Status(Some(TaskRef::Number(TaskNumber(7))))));
    assert_eq!(captioned("/submit describe it"), Err(ParseError::File));
    assert_eq!(captioned("/submit"), Err(ParseError::File));
    let mut odd = photo("/submit describe it");
    odd["caption_entities"] = json!([{"type": "hologram", "offset": 0, "length": 7}]);
    odd["link_preview_options"] = json!(5);
    let mut update = message("supergroup", "", &odd);
    update["message"].as_object_mut().unwrap().remove("text");
    assert_eq!(command(asked(&update).unwrap()), Err(ParseError::File));
}

/// A reply of person 7 in a group to a message of person 8 with these fields.
fn reply(text: &str, replied: &Value, more: &Value) -> Result<Command, ParseError> {
    let mut fields = json!({"reply_to_message": {
        "message_id": 30, "date": 1_700_000_000, "chat": {"id": -1005, "type": "supergroup", "title": "Group"},
        "from": {"id": 8, "is_bot": false, "first_name": "Bob"},
    }});
    for (field, value) in replied.as_object().unwrap() {
        fields["reply_to_message"][field] = value.clone();
    }
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    command(asked(&message("supergroup", text, &fields)).unwrap())
}

#[test]
fn what_a_submit_replies_to_goes_along() {
    let prompt = |text: &str, replied: Value, more: Value| match reply(text, &replied, &more) {
        Ok(Command::Submit(submit)) => (submit.prompt.as_str().to_owned(), submit.private),
        other => panic!("{other:?}"),
    };
    let wordy = json!({"text": "one\n\ntwo"});
    let whole = |words: &str| (words.to_owned(), false);
    assert_eq!(prompt("/submit shorten", wordy.clone(), json!({})), whole("shorten\n\n> one\n>\n> two"));
    assert_eq!(prompt("/submit", wordy.clone(), json!({})), whole("one\n\ntwo"));
    let part = json!({"quote": {"text": "two", "position": 5}});
    assert_eq!(prompt("/submit explain", wordy, part), whole("explain\n\n> two"));
    assert_eq!(prompt("/submit translate", photo("un"), json!({})), whole("translate\n\n> un"));
    let rich = json!({"rich_message": {"blocks": [{"type": "paragraph", "text": ["a ", {"type": "bold", "text": "b"}]}]}});
    assert_eq!(prompt("/submit shorten", rich, json!({})), whole("shorten\n\n> a b"));
    // Flags are set by who asks, never by who is quoted.
    let flags = json!({"text": "--to telegram:9 do it"});
    assert_eq!(prompt("/submit --private", flags.clone(), json!({})), ("--to telegram:9 do it".to_owned(), true));
    assert_eq!(prompt("/submit do that", flags, json!({})), whole("do that\n\n> --to telegram:9 do it"));
    let odd = json!({"text": "left", "link_preview_options": 5});
    assert_eq!(prompt("/submit keep", odd, json!({})), whole("keep\n\n> left"));
}

#[test]
fn what_cannot_go_along_is_said() {
    assert_eq!(reply("/submit what is that?", &photo(""), &json!({})), Err(ParseError::File));
    let mut odd = photo("");
    odd["link_preview_options"] = json!(5);
    assert_eq!(reply("/submit what is that?", &odd, &json!({})), Err(ParseError::File));
    let flag = json!({"text": "--to telegram:9 do it"});
    assert!(matches!(reply("/submit --model", &flag, &json!({})), Err(ParseError::Value { option: "model", .. })));
    let long = json!({"text": "x".repeat(200_000)});
    assert!(matches!(reply("/submit shorten", &long, &json!({})), Err(ParseError::Prompt(InvalidPrompt::TooLong { .. }))));
    assert_eq!(reply("/list", &photo(""), &json!({})), Ok(Command::List { all: false, before: None }));
    let joined = json!({"new_chat_members": [{"id": 9, "is_bot": false, "first_name": "Eve"}]});
    assert!(matches!(reply("/submit greet", &joined, &json!({})), Ok(Command::Submit(_))));
}

#[test]
fn a_topic_is_part_of_the_channel_and_a_thread_is_not() {
    let channel = |more| asked(&message("supergroup", "/list", &more)).unwrap().inbound.channel.to_string();
    assert_eq!(channel(json!({"message_thread_id": 8, "is_topic_message": true})), "telegram:-1005/8");
    assert_eq!(channel(json!({"message_thread_id": 8})), "telegram:-1005");
    assert_eq!(channel(json!({"message_thread_id": 1, "is_topic_message": true})), "telegram:-1005");
}

#[test]
fn replies_name_the_message_but_not_the_start_of_their_topic() {
    let replied = json!({"message_id": 8, "date": 1, "chat": {"id": -1005, "type": "supergroup", "title": "Group"}, "text": "x"});
    let replied_to = |more| asked(&message("supergroup", "/cancel", &more)).unwrap().inbound.replied_to;
    assert_eq!(replied_to(json!({"reply_to_message": replied})).unwrap().as_str(), "8");
    let in_topic = json!({"reply_to_message": replied, "message_thread_id": 8, "is_topic_message": true});
    assert_eq!(replied_to(in_topic), None);
}

#[test]
fn anonymous_administrators_are_the_group_and_administer_it() {
    let group_bot = json!({"id": 1_087_968_824, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot"});
    let more = json!({"from": group_bot, "sender_chat": {"id": -1005, "type": "supergroup", "title": "Group"}});
    let group = asked(&message("supergroup", "/list all", &more)).unwrap();
    assert_eq!(group.inbound.person.to_string(), "telegram:-1005");
    assert!(group.inbound.channel_admin && group.member.is_none());
    let channel_bot = json!({"id": 136_817_688, "is_bot": true, "first_name": "Channel", "username": "Channel_Bot"});
    let more = json!({"from": channel_bot, "sender_chat": {"id": -1009, "type": "channel", "title": "News"}});
    let channel = asked(&message("supergroup", "/list all", &more)).unwrap();
    assert_eq!(channel.inbound.person.to_string(), "telegram:-1009");
    assert!(!channel.inbound.channel_admin);
}

#[test]
fn bots_channels_and_service_messages_are_passed_over() {
    let bot = json!({"from": {"id": 8, "is_bot": true, "first_name": "Other"}});
    assert!(heard(&message("supergroup", "/status", &bot)).is_none());
    let forwarded = json!({"is_automatic_forward": true, "sender_chat": {"id": -1009, "type": "channel", "title": "News"}});
    assert!(heard(&message("supergroup", "/status", &forwarded)).is_none());
    let mut service = message("private", "", &json!({"pinned_message": null, "group_chat_created": true}));
    service["message"].as_object_mut().unwrap().remove("text");
    assert!(heard(&service).is_none());
    for kind in ["channel_post", "edited_channel_post", "business_message", "guest_message"] {
        let post = message("supergroup", "/status", &json!({}));
        assert!(heard_at_all(&json!({"update_id": 1, kind: post["message"]})).is_none(), "{kind}");
    }
    assert!(heard(&message("private", "/status", &json!({"business_connection_id": "b1"}))).is_none());
    let inline_bot = json!({"id": 5, "is_bot": true, "first_name": "Gif", "username": "gif"});
    assert!(heard(&message("private", "/status", &json!({"via_bot": inline_bot}))).is_none());
    // The same in a message that teloxide cannot read as a whole.
    let odd = json!({"via_bot": inline_bot, "entities": [{"type": "hologram", "offset": 0, "length": 5}]});
    assert!(heard(&message("private", "/status", &odd)).is_none());
}

#[test]
fn rights_are_asked_for_only_where_they_matter() {
    let member = |kind, text| asked(&message(kind, text, &json!({}))).unwrap().member;
    for text in ["/cancel 4", "/status 4", "/list all", "/result 4", "/retry 4"] {
        assert_eq!(member("supergroup", text), Some((ChatId(-1005), UserId(7))), "{text}");
        assert_eq!(member("private", text), None, "{text}");
    }
    for text in ["/submit x", "/status", "/list", "/help"] {
        assert_eq!(member("supergroup", text), None, "{text}");
    }
}

#[test]
fn a_press_names_its_task_and_the_topic_of_its_message() {
    let below = message("supergroup", "#42", &json!({"message_thread_id": 8, "is_topic_message": true}));
    let asked = asked(&press(&below["message"])).unwrap();
    assert!(matches!(asked.inbound.request, Request::Press(Ok(Action::Cancel(TaskNumber(42))))));
    assert_eq!(asked.inbound.channel.to_string(), "telegram:-1005/8");
    assert_eq!(asked.inbound.reply.0, "m31");
    assert_eq!(asked.query.as_ref().map(|query| query.0.as_str()), Some("4382"));
    assert_eq!(asked.member, Some((ChatId(-1005), UserId(7))));
}

#[test]
fn presses_below_vanished_messages_are_answered_too() {
    let vanished = json!({"message_id": 31, "date": 0, "chat": {"id": 7, "type": "private", "first_name": "Ada"}});
    assert_eq!(asked(&press(&vanished)).unwrap().inbound.channel.to_string(), "telegram:7");
    let mut inline = press(&vanished);
    inline["callback_query"].as_object_mut().unwrap().remove("message");
    assert!(matches!(heard(&inline), Some(Heard::StrayPress(_))));
    let mut foreign = press(&vanished);
    foreign["callback_query"]["data"] = json!("whatever");
    assert!(matches!(asked(&foreign).unwrap().inbound.request, Request::Press(Err(_))));
}

#[test]
fn tasks_are_named_as_people_do() {
    let status = command(asked(&message("group", "/status@LegworkBot #4", &json!({}))).unwrap());
    assert_eq!(status, Ok(Command::Status(Some(TaskRef::Number(TaskNumber(4))))));
}

fn heard_at_all(value: &Value) -> Option<Heard> {
    let me = Identity { id: 99, username: "LegworkBot".into() };
    let arrived = update::read(value)?;
    hear(&arrived.update?, arrived.files, &me)
}

fn edited(kind: &str, text: &str, after: i64) -> Value {
    let mut message = message(kind, text, &json!({"edit_date": 1_700_000_000 + after}));
    json!({"update_id": 777, "edited_message": message["message"].take()})
}

#[test]
fn an_edited_message_is_the_same_message() {
    let first = asked(&message("private", "/sumbit x", &json!({}))).unwrap();
    let second = asked(&edited("private", "/submit x", 60)).unwrap();
    assert_eq!(first.inbound.id, second.inbound.id);
    assert_ne!(first.key, second.key, "each gets an answer of its own");
    assert!(!first.inbound.edited && second.inbound.edited);
    assert!(matches!(command(second), Ok(Command::Submit(_))));
    let odd = json!({"edit_date": 1_700_000_009, "external_reply": {"origin": {"type": "moon"}}});
    let mut odd = message("supergroup", "/status", &odd);
    assert!(asked(&json!({"update_id": 778, "edited_message": odd["message"].take()})).is_some());
}

#[test]
fn an_edit_that_makes_no_command_or_comes_days_later_is_passed_over() {
    assert!(heard_at_all(&edited("private", "just words", 60)).is_none());
    assert!(heard_at_all(&edited("supergroup", "just words", 60)).is_none());
    assert!(heard_at_all(&edited("supergroup", "/status@OtherBot", 60)).is_none());
    assert!(heard_at_all(&edited("private", "/status", 48 * 3600)).is_some());
    assert!(heard_at_all(&edited("private", "/status", 48 * 3600 + 1)).is_none());
}

#[test]
fn a_group_that_becomes_a_supergroup_says_where_it_goes() {
    let mut update = message("group", "", &json!({"migrate_to_chat_id": -1_001_234}));
    update["message"].as_object_mut().unwrap().remove("text");
    let Some(Heard::Moved { from, to }) = heard(&update) else { panic!() };
    assert_eq!((from.0, to.0), (-1005, -1_001_234));
    let mut update = message("supergroup", "", &json!({"migrate_from_chat_id": -1005}));
    update["message"].as_object_mut().unwrap().remove("text");
    assert!(heard(&update).is_none(), "told once is enough");
}

#[test]
fn people_are_named_as_telegram_names_them() {
    let from = json!({"id": 7, "is_bot": false, "first_name": "Ada", "last_name": "L."});
    let name = |more| asked(&message("supergroup", "/list", &more)).unwrap().inbound.name;
    assert_eq!(name(json!({"from": from})).as_deref(), Some("Ada L."));
    let news = json!({"id": -1009, "type": "channel", "title": "News"});
    assert_eq!(name(json!({"sender_chat": news})).as_deref(), Some("News"));
}

#[test]
fn a_person_is_understood_in_the_language_of_their_app() {
    let mut written = message("private", "/list", &json!({}));
    let language = |update: &Value| asked(update).unwrap().inbound.language;
    assert_eq!(language(&written), Language::En);
    written["message"]["from"]["language_code"] = json!("de-AT");
    assert_eq!(language(&written), Language::De);
    let mut pressed = press(&written["message"]);
    assert_eq!(language(&pressed), Language::En, "it is who presses that counts");
    pressed["callback_query"]["from"]["language_code"] = json!("de");
    assert_eq!(language(&pressed), Language::De);
}
