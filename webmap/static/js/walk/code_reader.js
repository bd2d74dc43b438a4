// Reads the code of a check-point with the camera, where the browser can; else the code is typed.

const LOOK_MS = 250;

export function canRead() {
  return "BarcodeDetector" in window && Boolean(navigator.mediaDevices?.getUserMedia) && isSecureContext;
}

/** What is typed or read: the address on a printed code ends in the code itself. */
export function codeOf(text) {
  const words = text.trim();
  const said = words.match(/[?&#]check=([^&#]+)/) || words.match(/\/([^/?#]+)\/?(?:[?#].*)?$/);
  return said ? decodeURIComponent(said[1]) : words;
}

export class CodeReader {
  constructor(video) {
    Object.assign(this, { video, stream: null, timer: 0 });
  }

  /** Look through the camera until a code is seen; found(code) is called once. Raises when there is no camera. */
  async start(found) {
    this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    this.video.srcObject = this.stream;
    this.video.hidden = false;
    await this.video.play();
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    const look = async () => {
      if (!this.stream) return;
      const [seen] = await detector.detect(this.video).catch(() => []);
      if (!seen) { this.timer = setTimeout(look, LOOK_MS); return; }
      this.stop();
      found(codeOf(seen.rawValue));
    };
    await look();
  }

  stop() {
    clearTimeout(this.timer);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
    this.video.hidden = true;
  }
}
