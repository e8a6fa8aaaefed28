"""Words that raise a ticket's priority: outages, blocked people, lost data, danger, money, and how many are hit."""

from functions.classify.rule_match import Terms

SEVERITY = (
    Terms(
        "lost data",
        {"HIGH": 4},
        "data loss, data lost, lose data, losing data, lost data, loss of data, lose everything, lost all, "
        "lost forever, permanently lost, permanently deleted, irrecoverable, unrecoverable, not recoverable, "
        "gone forever, for good, deleted by mistake, deleted by accident, accidentally deleted, "
        "accidentally dropped, dropped by mistake, wrongly deleted, silently deleted, silently dropped, "
        "silently lost, deleted all, delete all customers, wiped, wipes, without where, dropped production table, "
        "drop table on prod, truncated wrong table, corrupted, corruption, corrupt, data corruption, "
        "page corruption, consistency errors, overwritten, overwrites, split brain, no valid backup, "
        "no valid db backup, no working backup, no backup, no backups, without backup, no restore point, "
        "no good backup, backups missing, not restorable, cannot restore, only copy, last copy, wraparound, "
        "missing transactions, orders disappear, orders disappeared, orders vanish, data missing for all, "
        "records disappeared, two disks failed, second disk failed, raid failed, no other copy, no second copy, "
        "only backup, purged by mistake, erased, destroyed, rm -rf, formatted wrong, reformatted, "
        "truncated in production, table truncated, table dropped, dropped table, database dropped, "
        "dropped database, dropped wrong, deleted wrong, deleted live, deleted customers, records deleted, "
        "indices deleted, data deleted, deleted everything, mass deletion, orders missing, missing orders, "
        "balances wrong, wrong balances, inconsistent balances, backup corrupt, backups corrupt, backup unreadable, "
        "backups unreadable, cannot be restored, restore failed, cannot recover, lost writes, transactions lost, "
        "lost transactions, lost updates, messages lost, events lost, orders lost, lost orders, mails lost, "
        "files lost, lost files, files deleted, files missing, attachments missing, attachments gone, files gone, "
        "removes for good, removed for good, backups failing for weeks, backups empty, backups are empty, 0 byte, "
        "zero byte backups, someone dropped, someone deleted, somebody deleted, somebody dropped, somebody ran, "
        "someone truncated, dropped schema, schema dropped, dropped collection, wiped by, not in backup, "
        "backup too old, nothing left, start empty, came back empty, all empty, is empty since, all vanished, "
        "all disappeared, everything deleted, everything vanished, history deleted, entries vanished, "
        "comes back empty, table empty, tables empty, bring them back, not bring back, cannot bring back, "
        "no replica, checksum error on read, read checksum error, unreadable disk, disks unreadable, lost for good",
    ),
    Terms(
        "danger to people",
        {"HIGH": 4},
        "patient safety, life threatening, ambulance, emergency call, emergency calls, emergency room, fire alarm, "
        "nurse call, icu, intensive care, sos, panic button, alarm button, 911, 112 calls, 999 calls, injury, "
        "injured, wrong dosage, wrong dose, wrong medication, allergy warning, insulin, infusion, infusions, "
        "oxygen, evacuation, dangerous, on fire, overheating, ventilator, surgery, operating room, "
        "operating theatre, rescue, fire brigade, fire department, dispatch center, gas alarm, elevator stuck, "
        "lift stuck, trapped, people trapped, human safety, danger, lives at risk, life support, blood, blood bank, "
        "smoke detector, smoke detectors, sprinkler",
    ),
    Terms(
        "money",
        {"HIGH": 3},
        "charged twice, double charged, charged double, charged two times, charge twice, billed twice, paid twice, "
        "double charge, double charges, double booking, double bookings, charged multiple times, overcharged, "
        "wrong amount charged, wrong amounts, wrong salary, paid everyone, negative prices, prices zero, for free, "
        "price 0, sold at zero, losing money, lose money, lost revenue, revenue loss, losing revenue, losing sales, "
        "loss of sales, fines, penalty, payments not processed, payment not processed, payments fail, "
        "payments failing, card payments, no payments, no orders, cannot pay, cannot checkout, cannot buy, "
        "cannot sell, cannot ship, cannot take payments, salaries not paid, payroll blocked, fraud, fraudulent, "
        "calculated twice, posted twice, booked twice, debited twice, deducted twice, refunded twice, "
        "duplicate charges, duplicate payments, duplicate payouts, overpaid, underpaid, wrong payouts, "
        "wrong bank account, wrong account credited, wrong iban, prices at 0, price of 0, 0.00 price, free orders, "
        "goods for free, for 0 eur, for 0 usd, for 1 cent, unlimited discount, 100 % discount, discount of 100, "
        "negative total, negative balance, payments double, payments stopped, payments down, cannot charge, "
        "cannot refund, no payments coming, checkouts failing, checkout fails, checkout failing, "
        "checkout not possible, all checkouts, revenue impact, revenue drops, revenue dropped, "
        "conversion dropped to zero, orders dropped to zero, wrong prices, wrong price, all prices, "
        "wrong tax rate for all, salaries wrong, salary wrong, salaries twice, wrong payroll, till cannot, "
        "tills cannot, tills down, registers down, card terminals, payment terminals, same seat, sold twice, "
        "double sold, oversold, overselling, overbooked, same room twice, sold several times, invoiced twice, "
        "withdrawn twice, payout twice, wrong currency charged, wrong amount, tax wrong for all, below cost, "
        "sell at loss",
    ),
    Terms(
        "dead",
        {"HIGH": 2.6},
        "down, outage, outages, full outage, total outage, blackout, offline, dead, completely down, all down, "
        "hard down, service down, site down, production down, went down, goes down, unavailable, not available, "
        "not reachable, unreachable, inaccessible, not accessible, stands still, standstill, at standstill, "
        "at halt, came to halt, halted, all stopped, full stop, work stopped, stopped working, lost quorum, "
        "no quorum, completely gone, all gone, gone dark, blacked out, everything gone, instance terminated, "
        "not accepting commands, not reachable from outside, cannot be reached, no server available, "
        "no healthy upstream, 0 healthy, zero healthy, crash recovery, kernel panic, purple screen, psod, "
        "power outage, power failure, power cut, power loss, switching off, cooling failed, cooling stopped, "
        "stopped completely, refuses all, rejects all, rejects every, out of service, went dark, "
        "no longer reachable, read error, hostdown, no nodes available, 0 nodes, fully down, nothing works, "
        "nothing is working, kaputt, bricked, collapsed, recovery loop, went off, lost power, without power, "
        "seized, burned, burnt, water leak, unbootable, not resolving, not resolve, stopped processing, no service, "
        "hotline dead, no signal, out of disk, dead in water, completely dead, completely broken, totally broken, "
        "does not exist anymore, vanished from dns, no internet, no network, all failing, all fail, "
        "everything fails, everything failing, nothing loads, nothing starts, nothing comes up, crashed completely, "
        "no longer works at all, not work at all, not working at all, no response at all, unreachable from outside, "
        "all unreachable, went black, shut down unexpectedly, shutting down, zone deleted, cluster deleted, "
        "deleted production, deleted prod, frozen, flooded, isolated, powered off, powered down, powering down, "
        "shut down, everything stopped, thrown out, all thrown out, whole system, entire system, system down, "
        "systems down, cold standby only, both down, both dead, both gone, both links down, both nodes down, "
        "none available, none reachable, none left, thrown out of system, brick, both dark, dark, stay away, "
        "stays away, out of business, gone since, is over for, line stands, plant stands, factory stands, "
        "stands since, no longer boots",
    ),
    Terms(
        "whole groups blocked",
        {"HIGH": 2.8},
        "nobody can, no one can, none can, nobody gets, no user can, no users can, no customer can, "
        "no customers can, everyone is blocked, everyone blocked, nobody is able, all blocked, all users cannot, "
        "users cannot, customers cannot, patients cannot, employees cannot, staff cannot, drivers cannot, "
        "stores cannot, shops cannot, no phones, no phone, no internet at all, every login, all logins, "
        "cannot work, can't work, cannot operate, work impossible, cut off, locked out, site-wide, sitewide, "
        "company-wide, companywide, worldwide, globally, global outage, all regions, all sites, all locations, "
        "every store, all stores, whole company, entire company, whole plant, entire site, whole site, whole shop, "
        "whole hospital, all floors, whole building, customers leaving, crowd, queue of people, people waiting, "
        "customers waiting, passengers waiting, clerks waiting, waiting outside, sent home, on paper, "
        "went to paper, with pen and paper, none processed, nothing processed, nothing gets processed, "
        "nothing gets through, nothing goes out, no emails going out, no mails going out, no orders coming in, "
        "no messages consumed, zero orders, staff idle, employees idle, users idle, everyone idle, sitting idle, "
        "business stopped, business stands still, stopped business, cannot trade, cannot invoice, cannot dispatch, "
        "cannot produce, cannot treat, cannot check in, cannot clock in, cannot board, cannot access anything, "
        "cannot open anything, cannot do anything, cannot reach anything, nationwide, countrywide, whole country, "
        "entire country, whole team, entire team, entire department, whole department, entire office, whole office, "
        "entire campus, whole campus, entire network, whole network, entire cluster, whole cluster, entire region, "
        "whole region, entire fleet, whole fleet, all departments, all warehouses, all plants, all schools, "
        "all doors, nobody reachable, hundreds of users, thousands of users, hundreds of customers, "
        "thousands of customers, none of us, none of our customers, none of customers",
    ),
    Terms(
        "urgent",
        {"HIGH": 1.8},
        "urgent, urgently, asap, immediately, right now, critical, sev1, sev 1, sev-1, p1, prio 1, priority 1, "
        "severity critical, blocker, showstopper, emergency change, war room, major incident, all hands, wake, "
        "call me, please call, need help now, help now, every minute counts, status page updated, duty manager, "
        "escalated, escalation, ceo, board is asking, press is calling, twitter, rollback please, please rollback, "
        "roll back, firing, alarm state, as soon as possible, stop everything, we have stopped, tonight, "
        "minutes ago, happening now, live now, going live today, please hurry, hurry, drop everything, "
        "every second counts, highest priority, top priority, high priority, prio high, priority high, "
        "life or death, cannot wait, customers are angry, angry customers, phones ringing, hotline is flooded, "
        "hotline flooded, flooded with calls, media, newspaper, go live today, before tonight, must run, stop it, "
        "stop this, kill it, pull plug",
    ),
    Terms(
        "production in trouble",
        {"HIGH": 2.4},
        "production outage, production is out, production out, prod down, prod is down, production stopped, "
        "production is stopped, production line stopped, production halted, production lines, production line, "
        "assembly line, line stopped, live system down, on prod, customer traffic failing, checkout broken, "
        "checkout down, shop down, shop is dead, deployment broke production, broke production, broke prod, "
        "all endpoints, every request, all requests, every call, all calls, all orders, every order, every single, "
        "for everything, for everyone, for all customers, for all users, success rate 0",
    ),
    Terms(
        "money",
        {"HIGH": 1},
        "revenue, bank, turnover lost, contractual, sla breach, sla, lawsuit, auditors tomorrow, regulator",
    ),
    Terms(
        "stopped by a fault",
        {"HIGH": 1.3},
        "disk full, no space left, no space left on device, enospc, read only, readonly, read-only, not start, "
        "cannot start, wont start, not boot, not come up, suspended, expired last night, expired this morning, "
        "expired today, expired yesterday, certificate expired, expired certificate, domain expired, "
        "license expired, out of memory, crash loop, crashloopbackoff, imagepullbackoff, corrupted file system, "
        "locked up, refuses to start, refuses connections, no free connections, blocked since, "
        "too many connections, too many clients, max connections, pool exhausted, readonly filesystem, "
        "lost all connectivity, no one answers, impossible, not possible for anyone, reboot endlessly, "
        "endless reboot, spreading, spreads, stores closed, shops closed, hands out wrong, hundreds, thousands, "
        "degrees, overheats, too hot, route leak, water on floor, water in server room, half of company, "
        "half of users, half of customers, half of staff, most users, most customers, majority of, "
        "cluster partitioned, network partition",
    ),
    Terms(
        "danger to people",
        {"HIGH": 1.5},
        "safety, ward, clinic, police, surgeon, surgeons, doctors, nurses, triage, medication, dispatchers, "
        "rescue service, airport, flights, flight, signalling",
    ),
    Terms(
        "danger to people",
        {"HIGH": 2},
        "smoke, burning smell",
    ),
    Terms(
        "danger to people",
        {"HIGH": 2.4},
        "emergency, lab results, laboratory results",
    ),
)

# How much is hit. These count only in a sentence that also tells of a fault: "all queries are quick" is no outage.
SCOPE = (
    Terms(
        "everyone is hit",
        {"HIGH": 1.5},
        "all users, all customers, all tenants, all clients, all partners, all employees, all staff, "
        "all colleagues, all agents, all services, all servers, all hosts, all nodes, all instances, all replicas, "
        "all devices, all api clients, all resolvers, all browsers, all offices, all branches, everyone, "
        "every user, every customer, every tenant, every account, every device, every page, everything, everywhere, "
        "entire, whole, completely, complete, totally, total, 100 %, all of them, any user, any customer, mass, "
        "massive, fully, no one, nobody, both",
        scope=True,
    ),
    Terms(
        "production",
        {"HIGH": 0.8},
        "production, prod, live, live system, customers, customer, public, patients, patient, hospital, passengers, "
        "guests, citizens, drivers, payments, checkout, payment, orders, call center, front desk, warehouse, plant, "
        "factory, datacenter, data center, core, main, only, store, stores",
        scope=True,
    ),
    Terms(
        "since when",
        {"HIGH": 0.4},
        "this morning, last night, hour ago, hours ago, today, now, days ago, since",
        scope=True,
    ),
    Terms(
        "part is hit",
        {"MEDIUM": 1.3},
        "some, some users, some customers, some of, several, few, a few users, couple of, one of, two of, one user, "
        "one customer, one partner, one supplier, one branch, one store, one office, one server, one node, "
        "single user, certain, particular, specific, sometimes, occasionally, occasional, intermittent, "
        "intermittently, sporadic, sporadically, randomly, random, from time to time, now and then, once in while, "
        "every few minutes, few times, per hour, per day, twice per day, per week, about every, every second, "
        "every third, only if, only when, only in, only for, only from, only on, only toward, in bursts, at peak, "
        "in peak, at top of hour, partially, partial, partly, not always, on and off, mostly, one in, flaky, "
        "unstable, flapping, rarely, for one, with one, under load, longer than, bigger than, older than, "
        "every fourth, every fifth, every tenth, every other, one in ten",
        scope=True,
    ),
    Terms(
        "part is hit",
        {"MEDIUM": 0.6},
        "only, one",
        scope=True,
    ),
    Terms(
        "everyone is hit",
        {"HIGH": 0.9},
        "all, every, any",
    ),
)
