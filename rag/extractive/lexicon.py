"""General English of questions about research: words that ask for one thing, and nouns that name a kind of answer.

Nothing here belongs to one field or library; what a question means beyond these words is left to the sources.
"""

from __future__ import annotations

from functools import lru_cache

from rag.language.number_words import CARDINALS
from rag.language.stems import stem

# Words a question and an abstract use for one another. A word may be in several rows.
_SYNONYMS = """
beat beaten outperform surpass exceed better win best superior outdo top
improve gain increase boost enhance raise higher advance
reduce decrease save cut lower shrink less drop smaller fewer
use employ utilize adopt leverage apply exploit rely
try test evaluate assess compare experiment examine validate benchmark conduct
study investigate analyze explore examine survey review look
propose introduce present develop design create build built new novel contribute
show demonstrate find report observe reveal indicate confirm verify
label annotate tag gold
fast quick speed speedup accelerate latency faster throughput time runtime
slow latency overhead expensive cost
size large big huge volume consist contain comprise scale
cheap cost efficient inexpensive affordable low economical
memory footprint ram storage
hardware gpu gpus tpu tpus cpu cpus npu machine device chip server computer card
train pretrain finetune tune learn
contain include cover comprise consist provide span involve
property characteristic feature attribute quality
concentrate focus centre emphasize
direction avenue
modality image text audio video speech graph
short abbreviation acronym stand
combine merge integrate unite join
remove drop eliminate discard delete
split divide segment chunk partition
keep kept maintain preserve retain
need require necessary demand
unnecessary need needless superfluous
enable allow permit let
help improve benefit useful bridge
problem issue challenge limitation drawback obstacle shortcoming difficulty wrong flaw weakness downside disadvantage
cause reason because due
goal aim objective purpose target
method approach technique strategy scheme algorithm framework
paper article study work publication
corpus dataset data collection
benchmark dataset leaderboard suite
record entry item
category class type kind group
human people annotator person
query question
document passage text
word token term
checkpoint model weights base
code implementation repository github
free public open available release publish
result performance score accuracy effectiveness
gain margin improvement difference
error mistake wrong
multilingual crosslingual language
half 50
quarter 25
double twice
triple thrice
long lengthy length longest maximum max
limit maximum cap up
clinical medical biomedical health
finance bank financial
law legal court
explain interpret
attack malicious adversarial injection
safe safety security
step stage phase
part component module
many number
percent percentage %
"""

_KINDS = """model system method approach technique architecture algorithm dataset data corpus corpora benchmark
    metric measure task language hardware machine baseline framework tool operator ingredient component property
    characteristic aspect direction application category domain field strategy reason role classifier teacher
    modality device platform checkpoint library resource venue author organisation company year date number figure
    value amount fraction share proportion size percentage ratio factor range count score result name idea thing
    kind type sort part stage step scheme modification choice setting example list paradigm level group objective
    purpose problem issue challenge advantage benefit limitation contribution finding margin gain difference budget
    link url address website repository github expansion abbreviation acronym initiative source section topic effect
    necessity trick"""
_QUANTITIES = """accuracy precision recall score bleu rouge perplexity percentage percent rate size speed speedup
    latency throughput memory footprint margin gain improvement reduction drop increase decrease number amount count
    fraction share ratio budget cost price length width depth duration parameters flops epochs temperature
    degradation loss error points mrr ndcg map auc wer cer f1 agreement kappa sequence"""


def _stems(words: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words.split())


#: Nouns that ask for an instance: where a sentence names one, the noun itself need not be there.
KIND_NOUNS = _stems(_KINDS)

#: "how fast", "how large": the answer is a quantity.
QUANTITY_ADJECTIVES = frozenset(
    """many much large big small little fast quick slow long short often far high low deep wide good well
    accurate expensive cheap cheaply heavy strong great few old likely close tall efficient bad""".split()
)

#: Words that are a quantity wherever they are asked for.
QUANTITY_NOUNS = _stems(_QUANTITIES)

#: Units of time, for questions of how long something takes.
TIME_UNITS = _stems("second sec minute min hour h day week month year ms millisecond microsecond s")

NUMBER_WORDS = frozenset(
    [*CARDINALS, *"half third quarter twice double triple dozen once single first-ever tenfold".split()]
)


#: What papers do with a subject, whichever it is: "which papers deal with ...".
TREATING = _stems(
    """deal care concern address discuss talk treat handle tackle focus propose introduce present study investigate
    report provide offer cover consider explore examine read recommend resources available exist switch getting past
    purpose contain organise field"""
)

#: What a work may be: "which surveys ..." asks for surveys.
CLASSES = _stems("survey review overview guide tutorial book benchmark dataset corpus leaderboard")

#: "how many points better": what is counted stands before them.
COMPARATIVES = frozenset(
    "better worse higher lower more fewer less larger smaller faster slower longer shorter".split()
)

#: Verbs in the place of a noun: "what happens to ...", "which model turned out to ...".
NOT_NOUNS = frozenset(
    """happen happens happened turn turns turned become becomes became occur occurs occurred remain remains remained
    matter matters help helps helped work works worked cause causes caused lead leads led follow follows followed
    exist exists existed changed changes belong belongs perform performs performed""".split()
)


@lru_cache(maxsize=1)
def _rows() -> dict[str, frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for line in _SYNONYMS.strip().splitlines():
        row = {stem(word) for word in line.split()}
        for root in row:
            groups.setdefault(root, set()).update(row)
    return {root: frozenset(row - {root}) for root, row in groups.items()}


def synonyms(root: str) -> frozenset[str]:
    """Return the stems of words with the same meaning as ``root``; none for most."""
    return _rows().get(root, frozenset())


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Return every word of the lists: a misspelt word of a question may be one of them."""
    return frozenset(_SYNONYMS.split()) | frozenset(_KINDS.split()) | frozenset(_QUANTITIES.split())
