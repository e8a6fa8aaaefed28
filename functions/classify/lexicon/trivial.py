"""Words that lower a ticket's priority: wishes, questions, upkeep, cosmetics, and what is over or hits nobody."""

from functions.classify.rule_match import Terms

TRIVIAL = (
    Terms(
        "no hurry",
        {"LOW": 3.5},
        "not urgent, no urgency, no hurry, no rush, not in hurry, not in rush, no deadline, no time pressure, "
        "no pressure, whenever, when someone has time, when you have time, when time permits, if time permits, "
        "when convenient, at your convenience, take your time, low priority, low prio, lowest priority, prio low, "
        "priority low, p4, p5, sev4, sev 4, sev5, not important, unimportant, nice to have, nice-to-have, "
        "would be nice, would be great, would be good to, would be lovely, would love, would like to have, someday, "
        "some day, one day, next quarter, next year, next sprint, next month, next week, end of month, end of year, "
        "backlog, wish list, wishlist, in spring, in summer, in autumn, icebox, can wait, could wait, good enough, "
        "next visit, five minutes spare, when someone there, minor, minor issue, trivial, tiny, small thing, harmless, "
        "ignorable, not pressing, any time, anytime, at some point, sometime, sometime this month, low effort, "
        "small request, small change, small improvement, tiny change, polish, no need to hurry, no stress, "
        "not time critical, not time-critical, for later, later is fine, in coming weeks, in next weeks, "
        "next weeks, next release, next maintenance, coming months, q1, q2, q3, q4",
    ),
    Terms(
        "cosmetic",
        {"LOW": 3},
        "cosmetic, cosmetics, typo, typos, misspelled, misspelling, spelling, spelling mistake, wording, logo, "
        "favicon, icon, icons, font, font size, color, colors, blurry, pixel, pixels, alignment, misaligned, "
        "not aligned, margin, spacing, rounded corners, indentation, footer, tooltip, placeholder, capital letter, "
        "uppercase, lowercase, punctuation, comma missing, caption, copyright, translation missing, "
        "wrong translation, untranslated, grammar, looks ugly, ugly, looks odd, prettier, nicer, dark mode, "
        "dark theme, emoji, broken image, dead link, console warning, lint warning, warning in console, "
        "comment wrong, naming convention, inconsistent, sounds strange, alphabetic, alphabetical, alphabetically, "
        "sort order, wrong order, motd, fan noise, reword, rephrase, text change, clearer wording, more readable, "
        "rearrange, reorder, background color, hover, animation, slogan, branding, new logo, stock image, "
        "screenshot outdated, outdated, double space, extra space, missing comma, missing dot, line break, hyphen, "
        "apostrophe, page title, alt text, subtitle, print style, too small to read, too dark, too bright, "
        "looks different, not pretty, old logo, old name, old address, old phone number, last year's, "
        "copyright year, deprecated, deprecation, deprecation warning, purely naming, misnamed, wrong name, "
        "squeaks, squeaky, dusty, scratched, noisy fan, naming inconsistent, sounds, sounds unprofessional, "
        "corporate design, corporate color, tick off",
    ),
    Terms(
        "wish",
        {"LOW": 3},
        "feature request, feature idea, enhancement, improvement, improvement idea, suggestion, idea, proposal, "
        "propose, wish, would it be possible, is it possible, could you add, can you add, please add, "
        "could we have, can we have, can we get, please create, please provide, please send, please enable, "
        "please install, please give, please remove, please delete, please rename, please change, please approve, "
        "please confirm, please resize, need access, access request, new record, new account, new joiner, "
        "onboarding, offboarding, new employee, license for, licence for, read only user, want to try, "
        "like to play, curious, for demo, for presentation, for auditor, set up new, setup of new, increase quota, "
        "add column, add field, add option, add support, option to, change request, service request, new feature, "
        "request for, access for, user for, account for new, for training, for interns, intern, workshop, pilot, "
        "evaluation, evaluate, estimate, quote for, increase max, increase limit, increase length, max length, "
        "please increase, please set, please update, please grant, please extend, please upgrade, please move, "
        "please order, please replace, please open, please adjust, please prepare, please put, please document, "
        "please close, please check when, please archive, support for, more options, more columns, shorter, "
        "customise, customize, configurable, make it possible, it possible to, possibility to, allow us to, "
        "ability to, users ask for, asked for by, marketing asks, marketing wants, marketing would, sales asks, "
        "would help, would like, should have option, should be able to choose, could be improved, could be better, "
        "could be faster, could be nicer, nicer if, great if, nice if, good if, happy if, next course, "
        "for conference, for trade fair, for exhibition, for fair, for event, play with",
    ),
    Terms(
        "question",
        {"LOW": 2.4},
        "question, quick question, how do i, how do we, how can i, how can we, how to, how long, how many, "
        "how often, how much, where can i, where do i, where can we, which version, who owns, who can, "
        "are we allowed, am i allowed, do you know, could you tell, can you tell, could you explain, "
        "can you explain, please explain, is that normal, is it normal, is it ok, is it safe to, can we remove, "
        "can we delete, should we, do we still need, wondering, would like to know, want to know, asking for, "
        "please advise, clarification, questionnaire, tutorial, guide, handbook, thank you in advance, "
        "thanks in advance, for information, for your information, need answer, asked for list, asked for a list, "
        "prospect, need number, need list, list of all, can i, may i, may we, could i, what happens if, "
        "anyone knows, anybody knows, any idea when, difference between, best practice, best practices, advice, "
        "need advice, explain, explanation, example of, do you offer, do you support, do you plan, who approves, "
        "who to ask, whom to ask, contact person, looking for, have you considered, roadmap, please tell me, "
        "let me know, let us know, faq, just asking, only asking, just to let you know, only practice, "
        "just practice, exercise, what if, shall we, just wondering",
    ),
    Terms(
        "upkeep",
        {"LOW": 2.6},
        "maintenance, planned maintenance, scheduled maintenance, maintenance window, routine, housekeeping, "
        "clean up, cleanup, tidy, tidy up, decommission, decommissioning, retire, sunset, remove old, delete old, "
        "old entries, unused, obsolete, no longer used, not used anymore, not exist anymore, legacy profile, "
        "minor upgrade, bump, version bump, patch release, latest patch, update dependency, dependabot, renovate, "
        "relabel, tech debt, technical debt, lint, code style, tests green, no vulnerability, kernel patches, "
        "refresh of test, cost report, tag missing, tags missing, tagging, staying current, provider maintenance, "
        "announced work, announced works, fyi, for statistics, statistics only, for record, inventory, "
        "move to cold storage, partition by, migration plan, planning to, retired, leftover, leftovers, left over, "
        "stale branches, old branches, temp files, orphaned volumes, unattached, idle instances, cost saving, "
        "save costs, save money, cheaper, right size, rightsizing, needs plan, announced, will take place, "
        "will be carried out, change window, change calendar, approval, nobody deploys, nobody needs, no one uses, "
        "no longer needed, no longer need, not needed anymore, not needed, old images, old snapshots, old accounts, "
        "old tickets, quarterly, yearly, annual, annual review, periodic, recertification, audit evidence, "
        "documentation update, update docs, update wiki, update diagram, serial numbers, stocktaking, spare parts, "
        "toner, recycle, dispose, disposal, toil",
    ),
    Terms(
        "over",
        {"LOW": 5},
        "resolved, recovered, auto-closed, auto closed, auto resolved, self healed, self-healed, back to normal, "
        "back to green, back online, up again, ok again, works again, working again, fixed itself, solved itself, "
        "no longer happening, no action required, no action needed, no further action, closed automatically, "
        "already fixed, false alarm, false positive, ignore this, please ignore, can be ignored, only writing down, "
        "writing down only, post mortem done, postmortem, was test alert, test alert, alert cleared, alarm cleared, "
        "alert closed, incident closed, problem gone, problem disappeared, error gone",
    ),
    Terms(
        "nobody is hit",
        {"LOW": 3},
        "nobody affected, no one affected, no user affected, no users affected, no customers affected, "
        "no customer affected, nobody is affected, nobody noticed, no user noticed, users did not notice, "
        "no users noticed, no impact, no user impact, no customer impact, no effect, no visible effect, "
        "no visible effect for users, without impact, no incident, no outage, no interruption, "
        "no interruption expected, no downtime, nothing lost, nothing has been lost, no data lost, no data loss, "
        "not lost, nothing is broken, everything works, everything is fine, everything fine, "
        "everything running fine, all running fine, all works, otherwise ok, otherwise fine, on purpose, "
        "intentionally, intended, expected behaviour, expected behavior, as expected, deleted on purpose, no cve, "
        "hit count 0, no technical change, nothing of production, cannot reproduce, not reproducible, seen once, "
        "seen exactly once, only once, nobody reads, nobody uses, not in use, no functional impact, "
        "without functional impact, still readable, no consequence, no consequences, no business impact, "
        "no service impact, not service affecting, no damage, no harm, does not hurt, does no harm, "
        "nobody complained, no complaints, nothing urgent, nothing serious, nothing critical, nothing broken, "
        "not broken, works anyway, all good, all green, no errors, no error, not happen again, "
        "did not happen again, not since, never happened again, not seen again, not reproduce",
    ),
    Terms(
        "live system is fine",
        {"MEDIUM": 0.6, "LOW": 0.6},
        "prod is fine, prod fine, prod ok, prod is ok, prod not affected, prod not touched, prod unaffected, "
        "production is fine, production fine, production ok, production not affected, production unaffected, "
        "production not touched, not production, not prod, non-production, nonprod, customers not affected, "
        "customers are not affected, no impact for running systems, running systems, primary ok, "
        "primary remains in service, primary is fine, users not affected, live not affected, nobody missed",
    ),
    Terms(
        "cosmetic",
        {"LOW": 1.8},
        "label, labels, picture, photo, wrong picture",
    ),
    Terms(
        "wish",
        {"LOW": 2.0},
        "upgrade, rename, planned, planning, naming, documentation, docs, wiki, diagram, drawing, retention, "
        "refactoring, refactor, overview of, archive, confirm, messy, tidy, nitpick, slightly, slightly off, "
        "unprofessional, voucher, visitors, enough, fun, funny, game, gaming, break room, i suggest, we suggest, "
        "should say, should read, should be called, left over from, visual",
    ),
)

# Systems whose failure stops no customer. They weaken every sign of a high priority.
SIDE_SYSTEMS = (
    Terms(
        "not a live system",
        {"LOW": 0.6, "MEDIUM": 0.4},
        "staging, stage env, stage accounts, dev, dev environment, dev server, dev database, dev cluster, "
        "dev and stage, development environment, development server, test environment, test system, test server, "
        "test db, test database, test cluster, test lab, test instance, test account, test data, test tenant, "
        "unit test, unit test db, integration environment, qa, qa environment, uat, sandbox, playground, lab, "
        "home lab, demo, demo database, demo environment, demo system, demo server, preprod, pre-prod, "
        "pre-production, preproduction, preview environment, review app, feature branch, training system, "
        "trial system, prototype, localhost, local machine, on my machine, hackathon, internal wiki, on laptop, "
        "on own laptop, stage",
    ),
)
