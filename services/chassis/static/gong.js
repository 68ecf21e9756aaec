/** A short, soft two-tone gong. Browsers stay silent until the page was touched, unless the kiosk allows sound. */
const sound = new AudioContext();

export function strike() {
  if (sound.state !== 'running') return;
  tone(659, 0);
  tone(523, 0.45);
}

function tone(pitch, after) {
  const start = sound.currentTime + after;
  const level = new GainNode(sound, { gain: 0 });
  level.gain.linearRampToValueAtTime(0.4, start + 0.02);
  level.gain.exponentialRampToValueAtTime(0.001, start + 1.6);
  level.connect(sound.destination);
  const voice = new OscillatorNode(sound, { frequency: pitch, type: 'sine' });
  voice.connect(level);
  voice.start(start);
  voice.stop(start + 1.7);
}

/** Show the button while the browser keeps the page silent; pressing it lets the gong be heard. */
export function offerSound(button) {
  const follow = () => { button.hidden = sound.state === 'running'; };
  button.addEventListener('click', () => sound.resume().then(strike));
  sound.addEventListener('statechange', follow);
  follow();
}
