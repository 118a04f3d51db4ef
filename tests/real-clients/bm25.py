"""BM25 over MCP tools, reading what Codex's tool_search reads: name and arguments as whole words, title, description,
the server's name and instructions. The stemmer is a rough one; the real search is the judge, this one the second opinion.
"""

import math
import re
from collections import Counter

STOP_WORDS = set("a an and are as at be but by for if in into is it no not of on or such that the their then there these "
                 "they this to was will with i me my we our you your do does did has have what who how".split())
K1, B = 1.2, 0.75


def stem(word):
    for ending, kept in (("ies", "y"), ("sses", "ss"), ("ations", "ate"), ("ation", "ate"), ("ings", ""), ("ing", ""),
                         ("edly", ""), ("ed", ""), ("ly", ""), ("es", "e"), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + kept
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def words(text):
    return [stem(word) for word in re.findall(r"[^\W]+", text.lower()) if word not in STOP_WORDS]


class Ranking:
    def __init__(self, tools, server, instructions):
        self.documents = {}
        for tool in tools:
            arguments = " ".join(tool.get("inputSchema", {}).get("properties", {}))
            text = " ".join([tool["name"], tool.get("title", ""), tool.get("description", ""), arguments, server, instructions])
            self.documents[tool["name"]] = Counter(words(text))
        lengths = [sum(document.values()) for document in self.documents.values()]
        self.mean_length = sum(lengths) / len(lengths)
        self.frequency = Counter(word for document in self.documents.values() for word in document)

    def search(self, query, limit):
        """Names of the best tools, best first; those that share no word with the query are not among them."""
        scores = {name: self.score(document, words(query)) for name, document in self.documents.items()}
        return [name for name in sorted(scores, key=lambda n: -scores[n]) if scores[name] > 0][:limit]

    def score(self, document, query):
        weight = K1 * (1 - B + B * sum(document.values()) / self.mean_length)
        return sum(self.rarity(word) * document[word] * (K1 + 1) / (document[word] + weight) for word in query)

    def rarity(self, word):
        with_it = self.frequency[word]
        return math.log(1 + (len(self.documents) - with_it + 0.5) / (with_it + 0.5))
