"""Does a search find the right picture? 2,000 descriptions, 200 questions in each of eight forms.

    python benchmarks/search_quality.py [--files 2000] [--questions 200] [--mode hybrid]

Each description says who does what where: one of 16 subjects, 10 actions and 14 places, no two the same, in sentences
of several forms with things beside that nobody asks for. A question names all three, so one picture is right, and some
33 others have two of the three: in the description's words, in other English words, or in one of six languages. Printed
is the share of questions whose picture is among the first ten and first (recall@10, top-1), by `GET /search`'s own use
case on SQLite. The results are kept in benchmarks/RESULTS.md.
"""

import argparse
import itertools
import random
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

from scopix.types.vocabulary import DescriptionStatus, MediaType
from scopix_server.analysis.embed import EmbedTexts
from scopix_server.db.connection import SqlDatabase
from scopix_server.db.engine import create_engine
from scopix_server.db.migrate import migrate
from scopix_server.domain.description import Description, ImageKind
from scopix_server.domain.file import File
from scopix_server.domain.listing import FileFilter
from scopix_server.domain.ports import DescriptionRecord
from scopix_server.domain.search import SearchBy
from scopix_server.domain.tenant import Tenant
from scopix_server.embedding.sentence_encoder import SentenceEncoder
from scopix_server.library.kept_vectors import KeptVectors
from scopix_server.library.search import Searches

TENANT = str(uuid.UUID(int=1))
NOW = datetime(2026, 1, 2, tzinfo=UTC)
FORMS = ("words", "paraphrase", "German", "French", "Spanish", "Italian", "Russian", "Japanese")
# As the description has it | the words alone | other words | six languages
# ruff: noqa: E501
SUBJECTS = """
a dog|dog|a hound|ein Hund|un chien|un perro|un cane|собака|犬
a cat|cat|a feline pet|eine Katze|un chat|un gato|un gatto|кошка|猫
a horse|horse|a stallion|ein Pferd|un cheval|un caballo|un cavallo|лошадь|馬
a child|child|a little kid|ein Kind|un enfant|un niño|un bambino|ребёнок|子供
an old man|old man|an elderly gentleman|ein alter Mann|un vieil homme|un anciano|un vecchio|старик|老人
a woman|woman|a lady|eine Frau|une femme|una mujer|una donna|женщина|女性
a soldier|soldier|a military man|ein Soldat|un soldat|un soldado|un soldato|солдат|兵士
a nurse|nurse|a hospital caregiver|eine Krankenschwester|une infirmière|una enfermera|un'infermiera|медсестра|看護師
a policeman|policeman|a police officer|ein Polizist|un policier|un policía|un poliziotto|полицейский|警察官
a cook|cook|a chef|ein Koch|un cuisinier|un cocinero|un cuoco|повар|料理人
a farmer|farmer|an agricultural worker|ein Bauer|un agriculteur|un agricultor|un contadino|фермер|農夫
a student|student|a university pupil|ein Student|un étudiant|un estudiante|uno studente|студент|学生
a robot|robot|a humanoid machine|ein Roboter|un robot|un robot|un robot|робот|ロボット
a bear|bear|a grizzly|ein Bär|un ours|un oso|un orso|медведь|熊
a monkey|monkey|an ape|ein Affe|un singe|un mono|una scimmia|обезьяна|猿
an elephant|elephant|a large animal with a trunk|ein Elefant|un éléphant|un elefante|un elefante|слон|象
"""
ACTIONS = """
sleeps|sleeps|takes a nap|schläft|dort|duerme|dorme|спит|眠っている
runs|runs|is sprinting|rennt|court|corre|corre|бежит|走っている
eats|eats|is having a meal|isst|mange|come|mangia|ест|食べている
drinks water|drinks water|quenches its thirst|trinkt Wasser|boit de l'eau|bebe agua|beve acqua|пьёт воду|水を飲んでいる
plays with a ball|plays ball|has fun with a football|spielt mit einem Ball|joue avec un ballon|juega con una pelota|gioca con una palla|играет с мячом|ボールで遊んでいる
swims|swims|is bathing and paddling|schwimmt|nage|nada|nuota|плавает|泳いでいる
jumps|jumps|leaps into the air|springt|saute|salta|salta|прыгает|跳んでいる
sits|sits|is seated|sitzt|est assis|está sentado|è seduto|сидит|座っている
dances|dances|moves to the music|tanzt|danse|baila|balla|танцует|踊っている
reads a book|reads book|is absorbed in a novel|liest ein Buch|lit un livre|lee un libro|legge un libro|читает книгу|本を読んでいる
"""
PLACES = """
on a beach|beach|at the seashore|am Strand|sur une plage|en una playa|su una spiaggia|на пляже|浜辺で
in a forest|forest|among the trees of the woods|im Wald|dans une forêt|en un bosque|in un bosco|в лесу|森で
in a kitchen|kitchen|in the room where people cook|in der Küche|dans une cuisine|en una cocina|in una cucina|на кухне|台所で
in a church|church|in a house of worship|in einer Kirche|dans une église|en una iglesia|in una chiesa|в церкви|教会で
in the snow|snow|on wintry white ground|im Schnee|dans la neige|en la nieve|nella neve|в снегу|雪の中で
in a city street|city street|on an urban road|auf einer Straße in der Stadt|dans une rue de la ville|en una calle de la ciudad|in una strada della città|на городской улице|街の通りで
on a boat|boat|aboard a ship|auf einem Boot|sur un bateau|en un barco|su una barca|на лодке|船の上で
in a hospital|hospital|in a clinic|im Krankenhaus|dans un hôpital|en un hospital|in un ospedale|в больнице|病院で
in a garden|garden|among flower beds in the yard|im Garten|dans un jardin|en un jardín|in un giardino|в саду|庭で
at an airport|airport|where planes take off|am Flughafen|à l'aéroport|en un aeropuerto|all'aeroporto|в аэропорту|空港で
on a mountain|mountain|on a high peak|auf einem Berg|sur une montagne|en una montaña|su una montagna|на горе|山で
in a desert|desert|among dry sand dunes|in der Wüste|dans un désert|en un desierto|in un deserto|в пустыне|砂漠で
in a classroom|classroom|in a room of a school|im Klassenzimmer|dans une salle de classe|en un aula|in un'aula|в классе|教室で
in a supermarket|supermarket|in a grocery store|im Supermarkt|dans un supermarché|en un supermercado|in un supermercato|в супермаркете|スーパーで
"""
BESIDE = (
    "The light is soft.", "The picture is in black and white.", "The background is blurred.", "It was taken from above.",
    "Most of it is green and brown.", "The colours are warm.", "There is a red car at the side.", "The sky is cloudy.",
    "It is sharp in the middle.", "A wooden bench stands on the left.", "", "",
)  # fmt: skip
PATTERNS = (
    "The photo shows how {who} {what} {where}. {beside}",
    "{Who} {what} {where}. {beside}",
    "{beside} In it {who} {what} {where}.",
    "A colour photo, {where}: {who} {what}. {beside}",
)


def parsed(table: str) -> list[list[str]]:
    lists = [line.split("|") for line in table.strip().splitlines()]
    assert {len(each) for each in lists} == {len(FORMS) + 1}
    return lists


def asked(form: int, who: list[str], what: list[str], where: list[str]) -> str:
    """Return a question in one of the forms; in Japanese the place comes first."""
    subject, action, place = (each[form + 1] for each in (who, what, where))
    return f"{place}{subject}が{action}" if FORMS[form] == "Japanese" else f"{subject} {action} {place}"


def enter(database: SqlDatabase, number: int, text: str, tags: tuple[str, ...]) -> str:
    file = File(
        id=str(uuid.UUID(int=number + 10, version=4)), tenant_id=TENANT, filename=f"img_{number:05}.jpg",
        content_type="image/jpeg", media_type=MediaType.IMAGE, size_bytes=5, sha256=f"{number:064x}",
        object_key=f"k{number}", created_at=NOW, updated_at=NOW, description_status=DescriptionStatus.QUEUED,
        description_revision=1,
    )  # fmt: skip
    said = Description(text, tags, "", ImageKind.PHOTO, "builtin", "1", {})
    record = DescriptionRecord(str(uuid.uuid4()), file.id, 1, said, "general", NOW, 1)

    def write(transaction: object) -> None:
        transaction.files.add(file)  # type: ignore[attr-defined]
        transaction.descriptions.claim(file.id, 1, NOW)  # type: ignore[attr-defined]
        transaction.descriptions.complete(record)  # type: ignore[attr-defined]

    database.write(write)
    return file.id


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--mode", choices=[by.value for by in SearchBy], default="hybrid")
    options = parser.parse_args()
    chance = random.Random(17)
    every = list(itertools.product(parsed(SUBJECTS), parsed(ACTIONS), parsed(PLACES)))
    chosen = chance.sample(every, min(options.files, len(every)))
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'quality.db'}", durable=False)
        migrate(engine)
        database = SqlDatabase(engine)
        database.write(lambda t: t.tenants.add_tenant(Tenant(TENANT, "benchmark", NOW)))
        ids = []
        for number, (who, what, where) in enumerate(chosen):
            parts = {"who": who[0], "Who": who[0].capitalize(), "what": what[0], "where": where[0]}
            text = chance.choice(PATTERNS).format(**parts, beside=chance.choice(BESIDE)).strip()
            ids.append(enter(database, number, text, (who[1], where[1])))
        encoder = SentenceEncoder()
        work = EmbedTexts(database, encoder)
        began = time.process_time()
        while work.embed_some():
            pass
        print(f"{len(ids)} descriptions, embedded in {time.process_time() - began:.1f} s of the processor's time")
        searches = Searches(database, encoder, KeptVectors(512 * 2**20))
        report(searches, chosen, ids, chance.sample(range(len(ids)), options.questions), SearchBy(options.mode))
        database.close()


def report(searches: Searches, chosen: list, ids: list[str], picked: list[int], by: SearchBy) -> None:  # type: ignore[type-arg]
    print(f"\n| {by.value}: form | recall@10 | top-1 | an example |\n|---|---|---|---|")
    for form, name in enumerate(FORMS):
        ranks = []
        for number in picked:
            question = asked(form, *chosen[number])
            page = searches.search(TENANT, question, FileFilter(), by=by, limit=10, with_details=False)
            found = [hit.file.id for hit in page.hits]
            ranks.append(found.index(ids[number]) if ids[number] in found else None)
        ten = sum(rank is not None for rank in ranks) / len(ranks)
        print(f"| {name} | {ten:.3f} | {ranks.count(0) / len(ranks):.3f} | {asked(form, *chosen[picked[0]])} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
