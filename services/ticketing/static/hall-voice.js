import { t } from './page.js';
/**
 * The hall's voice: for each call a soft gong, then the sentence in each language wanted. One call after the other,
 * none cuts another off. The browser speaks where it has a voice of its own for the language (those that ask the
 * internet do not count), the server where not; without either the gong is heard alone.
 */

const VOLUME = 'mpp-volume';
const STEP = 10;
const LONGEST_MS = 20_000; // some browsers never say that they have finished
const PAUSE_MS = 600;
const CLIP_MS = 8_000;

const sound = new AudioContext();
const level = new GainNode(sound);
level.connect(sound.destination);

let volume = Math.min(100, Math.max(0, Number(localStorage.getItem(VOLUME) ?? 80)));
let muted = false;
let queue = Promise.resolve();

const pause = (ms) =>
  new Promise((done) => {
    setTimeout(done, ms);
  });
const isHeard = () => sound.state === 'running' && !muted;

/** Announce a call when those before it have been; not if `stands(call)` is false by then. */
export function announce(call, voices, stands) {
  queue = queue.then(async () => {
    if (!isHeard() || !stands(call)) return;
    await gong();
    for (const voice of voices) await say(call, voice);
    await pause(PAUSE_MS);
  });
}

async function gong() {
  tone(659, 0);
  tone(523, 0.45);
  await pause(1500);
}

function tone(pitch, after) {
  const start = sound.currentTime + after;
  const loud = new GainNode(sound, { gain: 0 });
  loud.gain.linearRampToValueAtTime(0.4, start + 0.02);
  loud.gain.exponentialRampToValueAtTime(0.001, start + 1.6);
  loud.connect(level);
  const source = new OscillatorNode(sound, { frequency: pitch, type: 'sine' });
  source.connect(loud);
  source.start(start);
  source.stop(start + 1.7);
}

async function say(call, voice) {
  const own = ownVoice(voice.language);
  if (own) await speak(sentence(call, voice.words), own);
  // after the gong
  else if (voice.clips) await play(`${voice.clips}/${call.number}/${call.counter}.wav`).catch(() => {});
}

function ownVoice(language) {
  const speaks = (voice) => voice.localService && voice.lang.toLowerCase().split(/[-_]/)[0] === language;
  return globalThis.speechSynthesis?.getVoices().find(speaks);
}

/** "B-012" at "G02": "Nomor antrean B nol satu dua, silakan ke gerai dua"; as `announcement` in voice.py. */
export function sentence({ number, counter }, words) {
  const spelled = (code) =>
    [...code]
      .filter((sign) => /[\p{L}\d]/u.test(sign))
      .map((sign) => words[`digit.${sign}`] ?? sign)
      .join(' ');
  const place = /^\D*0*(\d+)$/.exec(counter)?.[1];
  const values = { number: spelled(number), counter: place && place.length > 1 ? place : spelled(place ?? counter) };
  return words.call.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

async function speak(text, voice) {
  const utterance = new SpeechSynthesisUtterance(text);
  Object.assign(utterance, { voice, lang: voice.lang, volume: volume / 100, rate: 0.9 });
  const over = new Promise((done) => {
    utterance.onend = done;
    utterance.onerror = done;
  });
  speechSynthesis.speak(utterance);
  await Promise.race([over, pause(LONGEST_MS)]);
}

async function play(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(CLIP_MS) });
  if (!answer.ok) return;
  const source = new AudioBufferSourceNode(sound, { buffer: await sound.decodeAudioData(await answer.arrayBuffer()) });
  source.connect(level);
  const over = new Promise((done) => {
    source.onended = done;
  });
  source.start();
  await Promise.race([over, pause(LONGEST_MS)]);
}

/**
 * The button that turns the sound on, and off again, and the slider beside it. Browsers keep a page silent until it was
 * touched, unless they were started to allow sound: then the button says so. Keys: M mutes, + and − change the volume.
 */
export function soundControls(button, slider, voices) {
  const label = button.querySelector('[data-slot="sound"]');
  const speaks = () => voices.every(({ language, clips }) => clips || ownVoice(language));

  function show() {
    const state = sound.state !== 'running' ? 'blocked' : muted ? 'muted' : speaks() ? 'on' : 'gong';
    button.dataset.sound = state;
    button.setAttribute('aria-pressed', state === 'on' || state === 'gong');
    label.textContent = t(`hall.sound.${state}`);
    slider.value = volume;
    level.gain.value = muted ? 0 : volume / 100;
    if (muted) globalThis.speechSynthesis?.cancel();
  }

  function louder(by) {
    volume = Math.min(100, Math.max(0, volume + by));
    localStorage.setItem(VOLUME, String(volume));
    show();
  }

  function toggle() {
    if (sound.state === 'running') {
      muted = !muted;
      show();
    } else {
      muted = false;
      sound.resume().then(() => {
        tone(659, 0);
        tone(523, 0.45);
      });
    }
  }

  button.addEventListener('click', toggle);
  slider.addEventListener('input', () => louder(slider.valueAsNumber - volume));
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === 'm' || event.key === 'M') toggle();
    else if (event.key === '+' || event.key === '=') louder(STEP);
    else if (event.key === '-') louder(-STEP);
  });
  sound.addEventListener('statechange', show);
  globalThis.speechSynthesis?.addEventListener?.('voiceschanged', show);
  show();
}
