"""Which words of a ticket carry meaning and how each is spelled: dropped words, negations, irregular forms, typos."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that carry grammar only: phrases match with or without them.
DROPPED = _words(
    "a an the our my your their his her its is are was were be been being am has have had having do does did will "
    "there really very so also just quite rather"
)
NOT = _words(
    "not dont doesnt didnt wont isnt arent wasnt werent hasnt havent hadnt wouldnt shouldnt aint doesn nicht ne"
)
CANNOT = _words("cannot cant couldnt unable")
CONTRAST = _words("but while whereas although though however except otherwise")
# Words whose ending is not an ending, or that would become another word: what is recovering has not recovered.
WHOLE = _words(
    "nothing something everything anything during spring morning evening building resolving recovering clearing "
    "closing opening resolved recovered cleared sometime sometimes naming frozen training expired planned "
    "swapping string pending warning meeting routing recording fines used means news species series"
)
IRREGULAR = {
    "lost": "lose", "loose": "lose", "loses": "lose", "losing": "lose", "broke": "break", "broken": "break",
    "froze": "frozen", "hung": "hang", "died": "die", "dies": "die", "dying": "die",
    "fell": "fall", "fallen": "fall", "stole": "steal", "stolen": "steal", "went": "go",
    "indices": "index", "says": "say", "said": "say", "sent": "send", "shown": "show", "came": "come",
    "wrote": "write", "written": "write", "overwrote": "overwrite", "overwritten": "overwrite", "paid": "pay",
    "stood": "stand", "stands": "stand", "ran": "run", "took": "take", "taken": "take",
    "pls": "please", "plz": "please", "srv": "server", "prd": "prod", "production": "prod", "env": "environment",
    "dbs": "db", "databse": "database", "datbase": "database", "netwrok": "network",
    "conection": "connection", "sevrer": "server", "doesn": "not", "everybody": "everyone", "noone": "nobody",
    "certs": "certificate", "cert": "certificate", "wlan": "wifi", "recieve": "receive", "adress": "address",
    "colour": "color", "unauthorised": "unauthorized", "centre": "center", "fibre": "fiber", "perf": "performance",
}  # fmt: skip
