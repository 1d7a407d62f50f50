// Every sentence of the page, in the reader's language.

const sentences = {
  en: {
    model: "Model", key: "This server asks for a key", useKey: "Use it",
    text: "Text", oneText: "One text", manyLines: "A text a line", modes: "What is in the box",
    placeholder: "Type or paste a text",
    answer: "Answer", words: "Words behind it", batch: "Answers to all lines",
    line: "Line", label: "Label", score: "Score", confidence: "Confidence",
    save: "Save as CSV", copyLink: "Copy a link to this text", copied: "Copied", notCopied: "Could not be copied: the link is in the address bar",
    code: "Use it from code", copy: "Copy", api: "API", info: "Model", metrics: "Numbers",
    stays: "What you type goes to this server only, and is not kept.",
    about: (m) => `${m.labels.length} labels, method ${m.method}` + (m.right ? `. On ${m.right.n.toLocaleString()} texts it had never seen, ${percent(m.right.value)} were right` : ""),
    empty: (n) => `Scores of all ${n} labels appear as you type.`,
    sure: (l) => ["Sure: ", l, ""], leaning: (l) => ["Leaning towards ", l, ""], "does not know": (l) => ["Does not know. Closest: ", l, ""],
    sureShort: "sure", leaningShort: "leaning", "does not knowShort": "does not know",
    unlike: "This text looks unlike those the model was trained on: do not rely on the answer.",
    count: (n, max) => `${n.toLocaleString()} of ${max.toLocaleString()} characters`,
    counts: (n) => (n === 1 ? "1 line" : `${n.toLocaleString()} lines`),
    allScores: (n) => `Show all ${n} labels`, fewScores: "Show fewer",
    wordsTitle: (l) => ["What speaks for ", l, ""], exact: "exact", occlusion: "each word taken out once",
    strongest: (list, how) => (list ? `Strongest: ${list} (${how})` : `No word speaks for it (${how})`),
    near: "Nearest training texts", nearNone: "No training text shares a word with this one.",
    keepsNone: "This model keeps no training texts, so no similar ones are shown.", alike: (s) => `${percent(s)} alike`,
    batchTitle: (done, n) => (done < n ? `${done.toLocaleString()} of ${n.toLocaleString()} lines …` : `${n.toLocaleString()} ${n === 1 ? "line" : "lines"}`),
    gone: "The server does not answer. Your text is still here; it is asked again every few seconds.",
    wrongKey: "That key was not accepted.", busy: "The server is busy: it is asked again in a moment.",
  },
  ko: {
    model: "모델", key: "이 서버는 키가 필요합니다", useKey: "사용",
    text: "글", oneText: "글 하나", manyLines: "한 줄에 하나씩", modes: "입력 방식",
    placeholder: "글을 입력하거나 붙여 넣으세요",
    answer: "결과", words: "근거가 된 낱말", batch: "줄마다의 결과",
    line: "줄", label: "레이블", score: "점수", confidence: "확신",
    save: "CSV로 저장", copyLink: "이 글의 링크 복사", copied: "복사했습니다", notCopied: "복사하지 못했습니다. 주소창에 링크가 있습니다",
    code: "코드에서 쓰기", copy: "복사", api: "API", info: "모델", metrics: "지표",
    stays: "입력한 글은 이 서버로만 가며 저장되지 않습니다.",
    about: (m) => `레이블 ${m.labels.length}개, 방법 ${m.method}` + (m.right ? `. 처음 보는 글 ${m.right.n.toLocaleString()}개 가운데 ${percent(m.right.value)}를 맞혔습니다` : ""),
    empty: (n) => `입력하는 대로 레이블 ${n}개의 점수가 나옵니다.`,
    sure: (l) => ["확실함: ", l, ""], leaning: (l) => ["아마도 ", l, ""], "does not know": (l) => ["모르겠습니다. 가장 가까운 것: ", l, ""],
    sureShort: "확실함", leaningShort: "아마도", "does not knowShort": "모름",
    unlike: "모델이 배운 글과 달라 보입니다. 이 결과를 믿지 마세요.",
    count: (n, max) => `${max.toLocaleString()}자 가운데 ${n.toLocaleString()}자`,
    counts: (n) => `${n.toLocaleString()}줄`,
    allScores: (n) => `레이블 ${n}개 모두 보기`, fewScores: "줄이기",
    wordsTitle: (l) => ["", l, " 쪽으로 민 낱말"], exact: "정확한 값", occlusion: "낱말을 하나씩 빼 본 값",
    strongest: (list, how) => (list ? `가장 센 낱말: ${list} (${how})` : `이 레이블 쪽으로 민 낱말이 없습니다 (${how})`),
    near: "가장 비슷한 학습 글", nearNone: "이 글과 낱말을 함께 쓰는 학습 글이 없습니다.",
    keepsNone: "이 모델은 학습 글을 간직하지 않아 비슷한 글을 보여 줄 수 없습니다.", alike: (s) => `${percent(s)} 비슷함`,
    batchTitle: (done, n) => (done < n ? `${n.toLocaleString()}줄 가운데 ${done.toLocaleString()}줄 …` : `${n.toLocaleString()}줄`),
    gone: "서버가 답하지 않습니다. 글은 그대로 있고, 몇 초마다 다시 묻습니다.",
    wrongKey: "키가 맞지 않습니다.", busy: "서버가 바쁩니다. 곧 다시 묻습니다.",
  },
};

export const language = (navigator.language || "en").toLowerCase().startsWith("ko") ? "ko" : "en";
const own = sentences[language];

export function say(name, ...given) {
  const sentence = own[name];
  return typeof sentence === "function" ? sentence(...given) : sentence;
}

export function percent(share) {
  const value = share * 100;
  return `${value > 0 && value < 0.1 ? "<0.1" : value.toFixed(value > 99.9 && value < 100 ? 2 : 1)} %`;
}

export function fillIn() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  for (const element of document.querySelectorAll("[data-hint]")) element.placeholder = say(element.dataset.hint);
}
