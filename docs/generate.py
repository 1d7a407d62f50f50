"""Write the generated parts of the pages: commands, from the program, and numbers, from benchmarks.

python docs/generate.py            rewrite
python docs/generate.py --check    exit 1 if a page is out of date
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import typer.main  # noqa: E402
import table  # noqa: E402
from comparison import describe_choice, describe_tools  # noqa: E402
from labelling_hour import show_hour  # noqa: E402
from methods import summarise_runs  # noqa: E402
from prediction import median_of, summarise  # noqa: E402

from assay.cli.app import app  # noqa: E402

# The first line of each command's help, in Korean; a command that is not here stops the generation.
KOREAN_COMMANDS = {
    "run": "전체 작업: 훈련하고, 비교하고, 추천하고, 보고서를 씁니다.",
    "compare": "한 실행의 방법들을, 또는 두 모델을 DATA에서 대응 표본 검정으로 비교합니다.",
    "report": "실행 보고서를 마크다운, HTML, 노트북으로 다시 씁니다.",
    "explore": "데이터셋을 보여 줍니다: 크기, 클래스, 텍스트당 단어 수, 처음 몇 행.",
    "tokens": "텍스트 하나를 문자, 단어, 부분단어로 나누고 되돌립니다.",
    "embed": "텍스트를 고정한 트랜스포머의 특성으로 바꿉니다.",
    "map": "비슷한 텍스트가 모이도록 평면에 점으로 그립니다.",
    "audit": "점수를 보기 전에 데이터의 문제를 찾습니다.",
    "label": "텍스트에 라벨을 붙이는 페이지를 엽니다. 가장 쓸모 있는 텍스트가 먼저 나옵니다.",
    "next": "라벨을 붙일 가치가 가장 큰 행을 빈 라벨과 함께 씁니다.",
    "review": "점검에서 나온 행을 페이지에서 하나씩 결정합니다.",
    "fix": "받아들인 라벨을 원래 파일의 형식 그대로 고쳐 씁니다.",
    "train": "방법 하나를 훈련하고 모델 폴더로 저장합니다.",
    "evaluate": "라벨이 붙은 텍스트로 모델을 채점합니다.",
    "predict": "라벨을 예측하고 모든 라벨의 점수를 이름과 함께 냅니다.",
    "explain": "어떤 단어가 어떤 라벨로 이끌었는지 보여 줍니다.",
    "info": "모델이 무엇인지 알려 줍니다: 방법, 라벨, 점수, 훈련 데이터.",
    "verify": "모델의 파일과 답하는지를, DATA를 주면 기록된 점수도 확인합니다.",
    "export": "모델을 다른 곳에서 쓸 수 있게 내보냅니다.",
    "serve": "HTTP API와 웹 페이지로 모델을 제공합니다.",
    "login": "허브에 로그인하거나, 누가 로그인했는지 알려 줍니다.",
    "push": "모델을 카드와 함께 허브에 올립니다.",
    "pull": "허브에서 assay 모델을 받아 확인합니다.",
    "datasets": "허브의 데이터셋을 찾습니다.",
    "cache": "저장해 둔 특성이 어디에 얼마나 있는지 알려 주거나 지웁니다.",
}
# What the table of numbers says in words.
KOREAN_NUMBERS = (
    (
        "| method | seeds | validation accuracy | weighted F1 | test accuracy, seed 0 | fit, s | texts/s | MB |",
        "| 방법 | 시드 수 | 검증 정확도 | 가중 F1 | 시험 정확도(시드 0) | 훈련, 초 | 텍스트/초 | MB |",
    ),
    (r"\(([\d.]+) to ([\d.]+)\)", r"(\1~\2)"),
    (
        r"The whole run with all five methods, map and report took ([\d.]+) minutes\.",
        r"다섯 가지 방법과 지도, 보고서까지 전체 실행에 \1분이 걸렸습니다.",
    ),
    (r"Measured on (\d+) CPU cores \((.*)\)\.", r"CPU 코어 \1개에서 쟀습니다(\2)."),
)


def describe_commands(language: str) -> str:
    """Return the table of commands: usage, and the first line of the help."""
    group = typer.main.get_command(app)
    rows = ["| command | does |" if language == "en" else "| 명령 | 하는 일 |", "|---|---|"]
    for name, command in group.commands.items():
        arguments = [
            name if p.required else f"[{name}]"
            for p in command.params
            if p.param_type_name == "argument"
            for name in [(p.metavar or p.name.upper()).strip("[]")]
        ]
        required = [
            f"{p.opts[0]} {p.metavar or p.name.upper()}"
            for p in command.params
            if p.param_type_name == "option" and p.required
        ]
        usage = " ".join(["assay", name, *arguments, *required]).replace("|", "\\|")
        sentence = (command.help or "").split("\n\n")[0].replace("\n", " ").strip()
        if language == "ko":
            if name not in KOREAN_COMMANDS:
                raise SystemExit(f"docs/generate.py has no Korean line for the command '{name}'")
            sentence = KOREAN_COMMANDS[name]
        rows.append(f"| `{usage}` | {sentence} |")
    return "\n".join(rows)


def describe_numbers(language: str) -> str:
    """Return the table of measured numbers, and on what they were measured."""
    content = json.loads((ROOT / "benchmarks" / "results" / "methods-emotion.json").read_text())
    machine = content["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    text = (
        f"{summarise_runs(content['runs'])}\n\n"
        f"Measured on {machine['n_cpus']} CPU cores ({machine['system']}, Python {machine['python']}; {versions})."
    )
    return text if language == "en" else translate_numbers(text)


def translate_numbers(text: str) -> str:
    """Put the words of the table of numbers into Korean; one that is not found any more stops the generation."""
    for pattern, korean in KOREAN_NUMBERS:
        literal = pattern.startswith("|")
        text, n_found = re.subn(re.escape(pattern) if literal else pattern, korean, text)
        if not n_found:
            raise SystemExit(
                f"docs/generate.py translates '{pattern}', which the table of numbers does not hold"
            )
    return text


def describe_rates(language: str) -> str:
    """Return what was measured of prediction, and the machine hours of a billion texts at those rates."""
    path = ROOT / "benchmarks" / "results" / "prediction.json"
    if not path.is_file():
        return "Not measured yet: `make bench` measures the rates, `make docs` writes the table."
    content = json.loads(path.read_text(encoding="utf-8"))
    lines = ["| way | texts/s, one machine | machine hours of a billion texts |", "|---|---|---|"]
    for name, samples in content["samples"].items():
        if "file to file" in name or name.startswith("pipeline, batch"):
            rate = median_of(samples)
            lines.append(f"| {name} | {rate:,.0f} | {1e9 / rate / 3600:,.0f} |")
    machine = content["machine"]
    return (
        "\n".join(lines)
        + f"\n\nMeasured on {machine['n_cpus']} CPU cores ({machine['system']}, Python "
        f"{machine['python']}), beside each other:\n\n{summarise(content)}"
    )


def describe_hour(language: str) -> str:
    """Return how long it takes from texts without labels to a model."""
    path = ROOT / "benchmarks" / "results" / "labelling_pages.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    if not content.get("hour"):
        return "Not measured yet: `make bench-labelling` measures it, `make docs` writes the table."
    return show_hour(content["hour_labels"], content["hour"])


PARTS = {
    "choice": describe_choice,
    "commands": describe_commands,
    "hour": describe_hour,
    "numbers": describe_numbers,
    "rates": describe_rates,
    "tools": describe_tools,
}
# Page -> its language and its generated parts.
PAGES = {
    "README.md": ("en", ("tools", "numbers", "commands")),
    "README.ko.md": ("ko", ("tools", "numbers", "commands")),
    "docs/hour.md": ("en", ("hour",)),
    "docs/methods.md": ("en", ("choice",)),
    "docs/scale.md": ("en", ("rates",)),
}


def generate(text: str, page: str = "README.md") -> str:
    """Return a page with its generated parts written again."""
    language, parts = PAGES[page]
    for name in parts:
        pattern = rf"(<!-- generated: {name} -->\n).*?(<!-- end of {name} -->)"
        text, n_found = re.subn(
            pattern,
            lambda m, d=PARTS[name]: f"{m.group(1)}{d(language)}\n{m.group(2)}",
            text,
            flags=re.DOTALL,
        )
        if n_found != 1:
            raise SystemExit(f"{page} has {n_found} places for '{name}'; one is needed")
    return text


def main() -> None:
    """Rewrite the pages, or check them."""
    for page in (*PAGES, "benchmarks/README.md"):
        path = ROOT / page
        before = path.read_text(encoding="utf-8")
        after = generate(before, page) if page in PAGES else table.generate(before)
        if "--check" in sys.argv and before != after:
            raise SystemExit(f"{page} is out of date: run make docs")
        if before != after:
            path.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
