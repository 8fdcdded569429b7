"""Stop words: one list of English function words, and what each purpose adds to it.

A word that is a subject in one place is a mere word of asking in another ("report", "first"), so there are views: each
is the function words and named groups, and a group says what its words have in common.
"""

from __future__ import annotations

from typing import Final

#: Articles, pronouns, auxiliaries, prepositions, conjunctions and question words: never what a text is about.
FUNCTION_WORDS: Final = frozenset(
    """a about above also am an and any anybody anyone anything are as at be because been being between both but
    by can could did do does doing done during each for from had has have having he her him his how i if in into
    is it its itself just let may me might mine must my no nor not of on only onto or our ours over shall she
    should so some somebody someone something such than that the their them then there these they this those to
    too us very via was we were what whatever when where whether which while who whom whose why will with within
    without would yes you your yours""".split()
)
# Greetings and requests.
_ADDRESSING: Final = frozenset("hello hey hi know ok okay please tell thank thanks".split())
# What is left of "don't" or "we'll" where words part at the apostrophe.
_CUT_SHORT: Final = frozenset("aren d didn doesn don isn ll m re s t ve wasn weren won".split())
# Quantifiers, adverbs and words for papers themselves: they fit every abstract.
_COMMON: Final = frozenset(
    """abstract abstracts according after again all although among author authors based before below called down
    eg either etc few further here hers however ie known many more most much neither off once other out own paper
    papers per rather same several show shown shows since study through thus under until up upon use used uses
    using well work works""".split()
)
# Verbs of asking and of saying, and what is said in passing: about the asking, not about the subject.
_IN_PASSING: Final = frozenset(
    """abbreviation acronym acronyms actual actually against almost always another answer anyone's argue argued
    argues around article aware away back besides came can't cannot cant claim claimed claims com come comes
    compared conclude concluded concludes denote denotes describe didn't didnt doesn't doesnt don't dont else
    enough era especially even ever every exact exactly explain find first found get gets give given gives go goes
    going good got hence i'm id im instead isn't it's ive kind like likely list long look looking made main make
    makes mean means name near need needs never next now often one others overall particular perhaps possible
    precise precisely put question quite really refer referred refers right said say says see seem seems sized
    sort specific stand stands still style styled suggest suggested suggests take taken that's thats theirs
    there's therefore thing things though together toward towards two versus vs want way ways what's whats whole
    yet""".split()
)
# How papers speak of what they do; every claim about a paper may use these.
_REPORTING: Final = frozenset(
    """due e.g i.e moreover named namely new present presented presents propose proposed proposes report reported
    reports respectively showed source sources studies""".split()
)

#: For queries to the lexical index: abstracts hardly use question words, so that an index takes them for rare and
#: telling; words that may be the subject ("first", "work", "state") are not among them.
ASKING_WORDS: Final = FUNCTION_WORDS | _ADDRESSING | _CUT_SHORT

#: For what a question is about, without the words that only ask.
STOPWORDS: Final = FUNCTION_WORDS | _ADDRESSING | _COMMON | _IN_PASSING

#: For what a sentence claims: without the words in which anyone reports anything.
CLAIM_STOPWORDS: Final = FUNCTION_WORDS | _COMMON | _REPORTING
