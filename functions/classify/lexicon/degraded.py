"""Words for plain faults, which tell that something is wrong but not how bad it is, and for slow or partial service."""

from functions.classify.rule_match import Terms

FAULT = (
    Terms(
        "fault",
        {"FAULT": 1.2},
        "fail, fails, failed, failing, failure, failures, error, errors, broken, breaks, crash, crashes, crashed, "
        "crashing, cannot, not work, not working, not load, not loading, not start, not starting, not open, "
        "not respond, not responding, not send, not sending, not sent, not receive, not arrive, not save, "
        "not saved, not show, not shown, not display, not connect, not come back, not come up, not sync, "
        "not update, not updated, not print, not found, not possible, not complete, not usable, not reach, not run, "
        "not deliver, not delivered, not accept, not accepted, not register, not finish, not apply, finds nothing, "
        "nothing happens, stopped, stops, hang, hangs, hanging, stuck, exception, fatal, panic, traceback, "
        "unexpected token, refused, rejected, denied, bounced, bounce, bounces, killed, kills, terminated, "
        "oomkilled, crashloopbackoff, exit code 137, sigkill, segfault, nullpointerexception, typeerror, keyerror, "
        "http 500, error 500, 500, 502, 503, 504, nxdomain, handshake failure, bad gateway, went wrong, "
        "something went wrong, cut, enospc, no space left on device, disk full, split, expired, invalid, unusable, "
        "unable, gone, lost, loses, disappears, disappeared, vanished, wrong, wrongly, incorrect, incorrectly, "
        "empty file, stays empty, blank page, white screen, doesn't match, mismatch, duplicated, duplicates, broke, "
        "mute, unsolvable, problem, problems, trouble, issue, bug, regression, incident, timed out, timeout, "
        "timeouts, times out, time out, altered, loop, econnrefused, ehostunreach, etimedout, econnreset, "
        "connection refused, connection reset, no connection, defekt, geht nicht, freeze, ignored, ignores, "
        "skipped, skips, skip, not applied, not refresh, not appear, not visible, not clickable, not selectable, "
        "not included, not trigger, not execute, not fire, not count, not calculate, renders empty, empty, blank, "
        "garbled, overlap, overlaps, unreadable, truncated, twice, duplicate, damaged, inconsistent data, "
        "shows old, shows wrong, not correct, 404, 401, 403, 413, 400, 422, 429, 500s, 404s, exits with, exit code, "
        "aborted, aborts, abort, cancelled by, interrupted, unexpected, unresponsive, corrupt header, undefined, "
        "nan, endless, infinite, kicks out, kicked out, logs out, logged out, bounced back, undeliverable, blocked, "
        "blocks, blocking, missing, not match, not valid, not recognise, not recognized, not detect, "
        "not authenticate, unauthorized, forbidden, no such, no answer, no response, no data, no sound, no audio, "
        "no picture, faulty, defective, malfunction, breakage, misconfigured, misconfiguration, mistake, "
        "by mistake, accidentally, fault, faults, storm, exhausted, exhaustion, full, saturated, violates, "
        "violation, conflict, collision, drops, dropped, dropping, disconnected, hung, zombie, dead letter, "
        "instead of, spins, spins forever, spinning, too low, too high, too late, too early, too many, too small, "
        "too big, shows yesterday, shows last, out of date, outdated values, irritating, climbing, lost connection, "
        "template not found, cannot be opened, cannot be printed, mirrored, upside down, vanish, vanishes, "
        "wrong language, wrong sums, wrong numbers, wrong total, crackle, crackles, hiccup, weak, blind, "
        "cleared unexpectedly, several times",
    ),
    Terms(
        "slow or late",
        {"MEDIUM": 2.2},
        "slow, slower, slowly, slowness, sluggish, laggy, lag, lags, lagging, latency, high latency, delay, delays, "
        "delayed, late, with delay, takes long, takes ages, takes forever, taking longer, takes minutes, "
        "performance, degraded, degradation, degrading, throttling, throttled, throttledrequests, choppy, jitter, "
        "stutter, stuttering, backlog growing, queue growing, piling up, behind, catch up, cannot keep up, "
        "not keep up, high cpu, high load, cpu steal, memory usage, high memory, nearly full, almost full, "
        "filling up, nearly out of memory, low on space, running out, disk usage, double as long, twice as long, "
        "doubled, tripled, dropped from, p95, p99, baseline, minutes instead, hours instead, slowed, bloat, "
        "waiting for, lock wait, lock wait timeout, deadlocks, retries, stale, old numbers, outdated data, "
        "out of sync, not scaling, evictions, evicting, used to take, used to be, longer than usual, "
        "longer than before, than usual, than before, than normal, higher than usual, minutes behind, hours behind, "
        "hour behind, an hour behind, behind schedule, wrong plan, losing time, loses time, lose time, wait around, "
        "have to wait, must wait, queueing, queuing, queued, queue up, contention, overcommitted, overloaded, "
        "overload, swapping, low disk, low memory, pile up, piles up, takes 10 seconds, seconds to open, "
        "seconds to load, minutes to load, long time, long loading, loading time, load time, response time, "
        "response times, answer times, high iowait, timeouts sometimes, buffering, stuttering video, "
        "unresponsive at times, poor quality, bad quality, garbled audio, echo, noise on line, static noise, "
        "unpleasant, lagged, cpu spikes, spike, spikes, spiking, hot partition, seconds instead, mbit instead, "
        "painful, halved, bandwidth halved, second slower, climbing, hour later, later than planned, "
        "later than usual, takes 5 minutes, takes 10 minutes, takes 30 seconds, takes 10s, freezes for, "
        "call freezes, hit ceiling, hit limit, ceiling, used up, nearly used up, runs out in, current rate, copes, "
        "copes so far, falls behind, fell behind, fell to, dropped to, rose to, went up to, went from, jumped from, "
        "jumped to",
    ),
    Terms(
        "early warning",
        {"MEDIUM": 2},
        "warning, warn, triggered, yellow, watermark, unassigned, expires in, expire in, expires on, expires soon, "
        "expiring, days left, degraded mode, no redundancy, without redundancy, single point, restarts, restarted, "
        "restart loop, restarting, crash looping, grows, growing, increasing, increase, increases, rising, "
        "above threshold, exceeded, threshold, renewal failed, packet loss, packet drops, interface errors, "
        "crc errors, servfail, one-way audio, clock drift, clock skew, time drift, drift, out of pool, fault state, "
        "drops every, reconnects, not valid for, rate limited, rate limit, partly failing, predictive failure, "
        "smart warning, reallocated sectors, memory leak, rotation, not rotate, not rotating, reconnect, glitch, "
        "glitches, hiccup, hiccups, misbehaving, weird, strange, odd, unreliable, bursts, failed over, "
        "failover happened, rebalancing, recovering, catching up, rescheduled, has to be restarted, "
        "restarted daily, needs restart, restart daily, must be restarted, must restart, end of life, "
        "unsupported version, license expires, rebuild, rebuilding, one psu, single psu, redundancy lost, "
        "lost redundancy, loss of redundancy, no backup path, no failover, no standby, no spare, expires next, "
        "expire, full around, full by, full in, fills up, fill up, should be fixed before, before it fills, "
        "keeps growing, keep growing, growing fast, pressure, memory pressure, disk pressure, nearing, approaching, "
        "close to limit, near limit, reached limit, limit reached, over limit, reaches limit, soft limit, pending, "
        "not renewed, not rotated, skipped last night, missed backup, backup failed, backup skipped, failed backup, "
        "backups failing, snapshot failed, brief outage, brief interruption, short outage, short outages, "
        "short interruptions, blip, blips, brownout, micro outages, smart errors, ecc errors, correctable errors, "
        "predicted failure, battery, rebooted by itself, reboots by itself, flapping, log in again, sign in again, "
        "login again, spam folder, delayed delivery",
    ),
    Terms(
        "way around it",
        {"MEDIUM": 2.6},
        "workaround, work around, retry helps, retry works, second try, second attempt, try again, trying again, "
        "again and fine, refresh helps, reload helps, page reload helps, restart helps, reboot helps, "
        "helps for while, clears cache, by hand, manually, by email, by e-mail, by phone, other way, alternative, "
        "alternatively, meanwhile, in meantime, for now, for moment, until then, instead, other browser, "
        "other device, another browser, from another, other instance, carries traffic alone, still works, "
        "still working, still answers, still serving, still reachable, still up, still possible, works otherwise, "
        "works fine in, works with, works in, works for, works from, succeed, succeeds, go through, goes through, "
        "went through, pass eventually, eventually, catches most, clients retry, retried, retries succeed, "
        "again manually, start it again, usable, but usable, only delay, hard refresh, rest is fine, "
        "everything else works, everything else fine, all else works, other pages fine, others fine, falls back, "
        "fallback, failover worked, secondary took over, took over, redundant, redundancy, standby took, "
        "retry catches, works on other, works on others, works on mobile, works on desktop, works on second, "
        "second time works, rerun, rerun is green, second run, until refresh, until you refresh, pressing reload, "
        "failover ok, redundant path, redundant path available, other link, copy by hand, in two parts, "
        "split files, offline mode works, most of them, others are fine, others ok, chrome fine, chrome users fine, "
        "android fine, use chrome, use other, using other, use phone, via phone, via mail, through other, "
        "old version works, previous version works, take other, takes other, other two",
    ),
    Terms(
        "people live with it",
        {"MEDIUM": 1.8},
        "annoying, annoyed, annoys, grumble, complain, complains, complaint, complaints, not amused, inconvenient, "
        "nuisance, frustrating, confusing numbers, confused, ask why, reported by, colleagues reported, "
        "users report, tolerable, bearable, tedious, costs us time, extra work, double work, slowed down, "
        "blocks testing, cannot test, devs blocked, developers blocked, team cannot, not critical, non critical, "
        "noncritical, not blocking, non-blocking, no outage yet, nothing broken yet, not dramatic, moderate, "
        "medium, p3, sev3, sev 3, prio 3, this week, in next days, when possible this week, "
        "finish before office hours, arrive late, off by, rounding, wrong hour, hours of work, more work, "
        "wastes time, waste of time, users complain, customers complain, support calls, colleagues complain, "
        "several complaints, confusing, cannot filter, have to reload, must reload, has to reload, correct by hand, "
        "corrects by hand, corrects them, clumsy, uncomfortable, cumbersome, detour, longer way, batch job late, "
        "late reports, report late, figures late, numbers late, takes minute longer, minute longer, goes on slowly, "
        "nag, nags, sign again",
    ),
)
